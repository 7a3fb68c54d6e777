import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createActor } from "xstate";
import { combatLifecycle, lifecycleTable, nextPhase, PHASES } from "../../../domain/combat/lifecycle.ts";
import { lifecycleDiagram } from "../../../domain/combat/lifecycle-diagram.ts";

test("the diagram in the docs is the one that the machine gives", () => {
  const page = readFileSync(new URL("../../../docs/combat-lifecycle.md", import.meta.url), "utf8");
  expect(/```mermaid\n([\s\S]*?)```/.exec(page)?.[1]).toBe(lifecycleDiagram());
});

test("the table knows every phase, and nothing leads out of an end", () => {
  expect(Object.keys(lifecycleTable).sort()).toEqual([...PHASES].sort());
  expect([lifecycleTable.ended, lifecycleTable.abandoned]).toEqual([{}, {}]);
});

test("the table walks as the machine does", () => {
  const actor = createActor(combatLifecycle).start();
  let phase = nextPhase("absent", "PREPARE");
  actor.send({ type: "PREPARE" });
  for (const type of ["JOIN", "START", "NEXT_TURN", "ACT", "RESOLVE", "NEXT_TURN", "CONCEDE", "FINISH"] as const) {
    phase = phase === undefined ? undefined : nextPhase(phase, type);
    actor.send({ type });
  }
  expect([phase, actor.getSnapshot().value]).toEqual(["ended", "ended"]);
  expect(actor.getSnapshot().status).toBe("done");
});
