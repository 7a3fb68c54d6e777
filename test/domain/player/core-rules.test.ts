import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { baseStats } from "../../../domain/player/classes.ts";
import * as formulas from "../../../domain/player/formulas.ts";
import { type Classe, STATS } from "../../../domain/values.ts";

const rules = readFileSync(new URL("../../../docs/player-rules.md", import.meta.url), "utf8");
const functions = new Map(
  Object.entries(formulas).filter(
    (one): one is [string, (...input: number[]) => number] => typeof one[1] === "function",
  ),
);

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

describe("worked examples of docs/player-rules.md", () => {
  for (const { rule, name, input, output } of examples())
    test(`[${rule}] ${name}(${input.join(", ")}) = ${output}`, () => {
      expect(functions.get(name)?.(...input)).toBe(output);
    });

  test("every formula has one", () => {
    expect(new Set(examples().map((one) => one.name))).toEqual(new Set(functions.keys()));
  });
});

test("[CLASS-1] the page's table is the one that counts", () => {
  const rows = [...rules.matchAll(/^ +\| ([A-Z]{4,8}) +\|(.+)\|$/gm)];
  expect(rows).toHaveLength(5);
  for (const [, name = "", cells = ""] of rows) {
    const numbers = cells.split("|").map((cell) => cell.trim().split("+").map(Number));
    for (const [n, stat] of STATS.entries()) {
      const [start = Number.NaN, growth = 0] = numbers[n] ?? [];
      expect(baseStats(name as Classe, 1)[stat]).toBe(start);
      expect(baseStats(name as Classe, 10)[stat]).toBe(start + 9 * growth);
    }
  }
});
