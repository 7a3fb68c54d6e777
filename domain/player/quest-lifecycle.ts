import { createMachine, initialTransition, transition } from "xstate";

/**
 * The life of one quest in a player's log. A quest that is over may be begun anew: whether this one may, and when, is for the
 * decider to say (docs/quest-rules.md, "Accepting").
 */
export const questLifecycle = createMachine({
  id: "quest",
  initial: "absent",
  states: {
    absent: { on: { ACCEPT: "open" } },
    open: { on: { PROGRESS: "open", COMPLETE: "ready", ABANDON: "abandoned", FAIL: "failed" } },
    ready: { on: { FINISH: "finished", ABANDON: "abandoned", FAIL: "failed" } },
    finished: { on: { ACCEPT: "open" } },
    failed: { on: { ACCEPT: "open" } },
    abandoned: { on: { ACCEPT: "open" } },
  },
});

export const QUEST_PHASES = ["absent", "open", "ready", "finished", "failed", "abandoned"] as const;
export type QuestPhase = (typeof QUEST_PHASES)[number];

export const QUEST_TRIGGERS = ["ACCEPT", "PROGRESS", "COMPLETE", "FINISH", "FAIL", "ABANDON"] as const;
export type QuestTrigger = (typeof QUEST_TRIGGERS)[number];

type Snapshot = ReturnType<typeof initialTransition<typeof questLifecycle>>[0];
type Table = Readonly<Record<QuestPhase, Readonly<Partial<Record<QuestTrigger, QuestPhase>>>>>;

/** Walks the machine once, at load: a look-up costs next to nothing, xstate's `transition` some 11 µs. */
function tabulate(): Table {
  const table: Partial<Record<QuestPhase, Partial<Record<QuestTrigger, QuestPhase>>>> = {};
  const open: Snapshot[] = [initialTransition(questLifecycle)[0]];
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    const phase = String(from.value) as QuestPhase;
    if (table[phase] !== undefined) continue;
    const row: Partial<Record<QuestTrigger, QuestPhase>> = {};
    table[phase] = row;
    for (const type of QUEST_TRIGGERS) {
      if (!from.can({ type })) continue;
      const [to] = transition(questLifecycle, from, { type });
      row[type] = String(to.value) as QuestPhase;
      open.push(to);
    }
  }
  return table as Table;
}

export const questLifecycleTable: Table = tabulate();

/** Where `trigger` leads from `phase`; undefined where it is not allowed. */
export function nextQuestPhase(phase: QuestPhase, trigger: QuestTrigger): QuestPhase | undefined {
  return questLifecycleTable[phase][trigger];
}
