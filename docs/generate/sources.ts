import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

interface Source {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: "utf8" })
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .map((path) => ({ path, text: readFileSync(new URL(path, root), "utf8") }));
}

/** Where a decision makes an event: `eventType: "X"`, or a choice between some. */
const MADE = /\beventType:([^,{};]*)/g;

/** By event type, the files whose decisions emit it. */
export function decidedIn(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { path, text } of sourcesIn("domain"))
    for (const [, made = ""] of text.matchAll(MADE))
      for (const [, type = ""] of made.matchAll(/"(\w+)"/g))
        if (found.get(type)?.at(-1) !== path) found.set(type, [...(found.get(type) ?? []), path]);
  return found;
}

/** By event type, the tests of rules that name it. The grand tour sees all of them, and is not listed. */
export function seenBy(types: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const tests = sourcesIn("test/domain").filter(({ path }) => path.endsWith(".test.ts") && !path.includes("/tour"));
  return new Map(
    types.map((type) => [type, tests.filter(({ text }) => text.includes(`"${type}"`)).map(({ path }) => path)]),
  );
}
