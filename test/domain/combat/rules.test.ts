import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as formulas from "../../../domain/combat/formulas.ts";

const HERE = new URL(".", import.meta.url);
const rules = readFileSync(new URL("../../../docs/combat-rules.md", HERE), "utf8");
const functions = new Map<string, (...input: number[]) => number>(Object.entries(formulas));

/** Every worked example of the page, with the rule under which it stands. */
function examples(): { rule: string; name: string; input: number[]; output: number }[] {
  return rules.split(/^(?=- \*\*\[)/m).flatMap((section) => {
    const rule = /^- \*\*\[([A-Z]+-\d+)\]/.exec(section)?.[1];
    if (rule === undefined) return [];
    return [...section.matchAll(/`(\w+)\(([^)`]*)\) = (-?\d+)`/g)].map(([, name = "", input = "", output]) => ({
      rule,
      name,
      input: input.split(",").map(Number),
      output: Number(output),
    }));
  });
}

describe("worked examples of docs/combat-rules.md", () => {
  for (const { rule, name, input, output } of examples())
    test(`[${rule}] ${name}(${input.join(", ")}) = ${output}`, () => {
      expect(functions.get(name)?.(...input)).toBe(output);
    });

  test("every formula has one", () => {
    expect(new Set(examples().map((one) => one.name))).toEqual(new Set(functions.keys()));
  });
});

test("every rule has a test whose title begins with its id", () => {
  const ids = [...rules.matchAll(/^- \*\*\[([A-Z]+-\d+)\]/gm)].map((match) => match[1]);
  const tests = readdirSync(HERE)
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(new URL(file, HERE), "utf8"))
    .join("\n");
  const titled = new Set(
    [...tests.matchAll(/(?:test|it)\(\s*["`]((?:\[[A-Z]+-\d+\] ?)+)/g)].flatMap((match) =>
      [...(match[1] ?? "").matchAll(/[A-Z]+-\d+/g)].map((id) => id[0]),
    ),
  );
  for (const { rule } of examples()) titled.add(rule);
  expect(ids.filter((id) => id !== undefined && !titled.has(id))).toEqual([]);
  expect(ids.length).toBeGreaterThan(60);
});
