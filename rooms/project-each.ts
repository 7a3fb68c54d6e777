interface Shown<View> {
  get(id: string): View | undefined;
  set(id: string, view: View): unknown;
  delete(id: string): unknown;
  keys(): Iterable<string>;
}

/** Brings a map of views from one record to the next: writes those that are not the very same object as before. */
export function projectEach<One, View>(
  shown: Shown<View>,
  ones: Readonly<Record<string, One>>,
  before: Readonly<Record<string, One>> | undefined,
  create: () => View,
  show: (view: View, one: One, id: string) => void,
): void {
  if (ones === before) return;
  for (const id of [...shown.keys()]) if (!Object.hasOwn(ones, id)) shown.delete(id);
  for (const [id, one] of Object.entries(ones)) {
    const known = shown.get(id);
    if (known !== undefined && one === before?.[id]) continue;
    const view = known ?? create();
    show(view, one, id);
    if (known === undefined) shown.set(id, view);
  }
}
