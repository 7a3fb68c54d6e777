import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { poweredBy } from "../../../domain/catalogue/combat-skill.ts";
import { QUEST_PHASES, QUEST_TRIGGERS, questLifecycleTable } from "../../../domain/player/quest-lifecycle.ts";
import { buybackFor, discountOf, priceFor } from "../../../domain/player/shops.ts";

const page = readFileSync(new URL("../../../docs/quest-rules.md", import.meta.url), "utf8");
const functions: Readonly<Record<string, (...input: number[]) => number>> = {
  poweredBy: (puissance = 0, niveau = 1, pourcent = 0) => poweredBy(puissance, niveau, pourcent),
  discountOf: (reputation = 0) => discountOf(reputation),
  priceFor: (prix = 0, reputation = 0) => priceFor(prix, reputation),
  buybackFor: (valeur = 0, pourcent = 0, prix) => buybackFor(valeur, pourcent, prix),
};

describe("worked examples of docs/quest-rules.md", () => {
  const examples = [...page.matchAll(/`(\w+)\(([-\d, ]+)\) = (-?\d+)`/g)];

  test.each(examples.map(([text, name, input, output]) => ({ text, name, input, output })))("$text", (one) => {
    const input = (one.input ?? "").split(",").map(Number);
    expect(functions[one.name ?? ""]?.(...input)).toBe(Number(one.output));
  });

  test("every formula has one", () => {
    expect(new Set(examples.map(([, name]) => name))).toEqual(new Set(Object.keys(functions)));
  });
});

test("[QUEST-12] the page's diagram is the machine", () => {
  const arrows = QUEST_PHASES.flatMap((from) =>
    QUEST_TRIGGERS.flatMap((trigger) => {
      const to = questLifecycleTable[from][trigger];
      return to === undefined ? [] : [`  ${from} --> ${to}: ${trigger}`];
    }),
  );
  const diagram = ["stateDiagram-v2", "  [*] --> absent", ...arrows, ""].join("\n");
  expect(/```mermaid\n([\s\S]*?)```/.exec(page)?.[1]).toBe(diagram);
});
