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

test("[SPEC-1] every rule has a test, every test a rule, and no rule stands twice", () => {
  const rules = rulesIn("docs/spec.md");
  // Some of the combat's rules are tested by their worked examples; its own tests see to it that none is left out.
  const all = [...rules, ...rulesIn("docs/combat-rules.md")];
  const tested = new Set(rulesTested());
  expect(all.length).toBe(new Set(all).size);
  expect(rules.filter((id) => !tested.has(id))).toEqual([]);
  expect([...tested].filter((id) => !all.includes(id))).toEqual([]);
});
