import { expect, test } from "vitest";
import { nextQuestPhase, QUEST_PHASES, questLifecycleTable } from "../../../domain/player/quest-lifecycle.ts";

test("[QUEST-12] the table holds every state of the machine", () => {
  expect(Object.keys(questLifecycleTable).sort()).toEqual([...QUEST_PHASES].sort());
});

test("[QUEST-12] only what is complete can be finished, and nothing progresses once it is", () => {
  expect(QUEST_PHASES.filter((phase) => nextQuestPhase(phase, "FINISH") !== undefined)).toEqual(["ready"]);
  expect(QUEST_PHASES.filter((phase) => nextQuestPhase(phase, "PROGRESS") !== undefined)).toEqual(["open"]);
});

test("[QUEST-12] open and complete quests can be given up or fail; all that is over can be begun anew", () => {
  for (const trigger of ["ABANDON", "FAIL"] as const)
    expect(QUEST_PHASES.filter((phase) => nextQuestPhase(phase, trigger) !== undefined)).toEqual(["open", "ready"]);
  expect(QUEST_PHASES.filter((phase) => nextQuestPhase(phase, "ACCEPT") === "open")).toEqual([
    "absent",
    "finished",
    "failed",
    "abandoned",
  ]);
});
