/**
 * A sorted list cut into runs of at most 64, none of them empty: a change copies one run and the list of the runs, never the
 * whole, and what it leaves alone is shared. Plain JSON. `Compare` says on which side of a key an item lies.
 */
export type Runs<Item> = readonly (readonly Item[])[];
export type Compare<Item, Key> = (item: Item, key: Key) => number;

const LONGEST = 64;

/** The run that holds `key`, or would. */
function runOf<Item, Key>(runs: Runs<Item>, key: Key, compare: Compare<Item, Key>): number {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const head = runs[middle]?.[0];
    if (head !== undefined && compare(head, key) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where in `run` the first item stands that does not lie before `key`. */
function placeIn<Item, Key>(run: readonly Item[], key: Key, compare: Compare<Item, Key>): number {
  let low = 0;
  let high = run.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = run[middle];
    if (item !== undefined && compare(item, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function first<Item>(runs: Runs<Item>): Item | undefined {
  return runs[0]?.[0];
}

export function* items<Item>(runs: Runs<Item>): Generator<Item, void> {
  for (const run of runs) yield* run;
}

export function find<Item, Key>(runs: Runs<Item>, key: Key, compare: Compare<Item, Key>): Item | undefined {
  const run = runs[runOf(runs, key, compare)];
  if (run === undefined) return undefined;
  const item = run[placeIn(run, key, compare)];
  return item !== undefined && compare(item, key) === 0 ? item : undefined;
}

/** With `item` at `key`, in the place of what was there. */
export function put<Item, Key>(runs: Runs<Item>, key: Key, item: Item, compare: Compare<Item, Key>): Runs<Item> {
  const at = runOf(runs, key, compare);
  const run = runs[at];
  if (run === undefined) return [[item]];
  const place = placeIn(run, key, compare);
  const there = run[place];
  if (there !== undefined && compare(there, key) === 0) return runs.with(at, run.with(place, item));
  const longer = run.toSpliced(place, 0, item);
  if (longer.length <= LONGEST) return runs.with(at, longer);
  return runs.toSpliced(at, 1, longer.slice(0, LONGEST / 2), longer.slice(LONGEST / 2));
}

/** Without what is at `key`. Short neighbours become one run, or removals would leave a run for every item. */
export function drop<Item, Key>(runs: Runs<Item>, key: Key, compare: Compare<Item, Key>): Runs<Item> {
  const at = runOf(runs, key, compare);
  const run = runs[at];
  if (run === undefined) return runs;
  const place = placeIn(run, key, compare);
  const there = run[place];
  if (there === undefined || compare(there, key) !== 0) return runs;
  if (run.length === 1) return runs.toSpliced(at, 1);
  const shorter = run.toSpliced(place, 1);
  for (const left of [at - 1, at]) {
    const [one, other] = left === at ? [shorter, runs[at + 1]] : [runs[left], shorter];
    if (one !== undefined && other !== undefined && one.length + other.length <= LONGEST / 2)
      return runs.toSpliced(left, 2, [...one, ...other]);
  }
  return runs.with(at, shorter);
}
