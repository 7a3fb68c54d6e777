import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);

function rulesIn(page: string): string[] {
  const text = readFileSync(new URL(page, root), "utf8");
  return [...text.matchAll(/^- \*\*\[?([A-Z]+-\d+)\]?\*\*/gm)].map(([, id]) => id ?? "");
}

/** Ids at the beginning of a title, one or more. */
function rulesTested(): string[] {
  const folder = new URL("test/", root);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const titles = files.flatMap((file) => [
    ...readFileSync(new URL(file, folder), "utf8").matchAll(/["`]((?:\[[A-Z]+-\d+\] )+)/g),
  ]);
  return titles.flatMap(([, ids]) => ids?.match(/[A-Z]+-\d+/g) ?? []);
}

/** The pages that hold rules: this one, and one for each part of the game. */
const PAGES = [
  "docs/spec.md",
  ...readdirSync(new URL("docs/", root))
    .filter((page) => page.endsWith("-rules.md"))
    .map((page) => `docs/${page}`),
];
/** Some of the combat's rules are tested by their worked examples; its own tests see to it that none is left out. */
const TESTED_BY_EXAMPLES = "docs/combat-rules.md";

test("[SPEC-1] every rule has a test, every test a rule, and no rule stands twice", () => {
  const all = PAGES.flatMap(rulesIn);
  const tested = new Set(rulesTested());
  expect(all.length).toBe(new Set(all).size);
  expect(
    PAGES.filter((page) => page !== TESTED_BY_EXAMPLES)
      .flatMap(rulesIn)
      .filter((id) => !tested.has(id)),
  ).toEqual([]);
  expect([...tested].filter((id) => !all.includes(id))).toEqual([]);
});
