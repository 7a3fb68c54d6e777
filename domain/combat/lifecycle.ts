import { createMachine, initialTransition, transition } from "xstate";
import type { EtatCombat } from "./state.ts";

/**
 * The life of a combat. A state at rest is absent, prepared, turn, ended or abandoned; acting and resolving last for as long
 * as one decision does.
 */
export const combatLifecycle = createMachine({
  id: "combat",
  initial: "absent",
  states: {
    absent: { on: { PREPARE: "prepared" } },
    prepared: { on: { JOIN: "prepared", START: "running", ABANDON: "abandoned" } },
    running: {
      initial: "resolving",
      states: {
        turn: {
          on: { JOIN: "turn", ACT: "acting", CONCEDE: "resolving", SKIP: "resolving", ABANDON: "#combat.abandoned" },
        },
        acting: { on: { RESOLVE: "resolving" } },
        resolving: { on: { NEXT_TURN: "turn", SAME_TURN: "turn", FINISH: "#combat.ended" } },
      },
    },
    ended: { type: "final" },
    abandoned: { type: "final" },
  },
});

export const PHASES = ["absent", "prepared", "turn", "acting", "resolving", "ended", "abandoned"] as const;
export type Phase = (typeof PHASES)[number];

export const TRIGGERS = [
  "PREPARE",
  "JOIN",
  "START",
  "ABANDON",
  "ACT",
  "CONCEDE",
  "SKIP",
  "RESOLVE",
  "NEXT_TURN",
  "SAME_TURN",
  "FINISH",
] as const;
export type Trigger = (typeof TRIGGERS)[number];

type Snapshot = ReturnType<typeof initialTransition<typeof combatLifecycle>>[0];
type Table = Readonly<Record<Phase, Readonly<Partial<Record<Trigger, Phase>>>>>;

function phaseOf(snapshot: Snapshot): Phase {
  const value: unknown = snapshot.value;
  const name = typeof value === "string" ? value : String(Object.values(value as Record<string, string>)[0]);
  return name as Phase;
}

/** Walks the machine once, at load: xstate's `transition` costs some 11 µs, a look-up next to nothing. */
function tabulate(): Table {
  const table: Partial<Record<Phase, Partial<Record<Trigger, Phase>>>> = {};
  const open: Snapshot[] = [initialTransition(combatLifecycle)[0]];
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    const row: Partial<Record<Trigger, Phase>> = {};
    const phase = phaseOf(from);
    if (table[phase] !== undefined) continue;
    table[phase] = row;
    for (const type of TRIGGERS) {
      if (!from.can({ type })) continue;
      const [to] = transition(combatLifecycle, from, { type });
      row[type] = phaseOf(to);
      open.push(to);
    }
  }
  return table as Table;
}

export const lifecycleTable: Table = tabulate();

/** Where `trigger` leads from `phase`; undefined where it is not allowed. */
export function nextPhase(phase: Phase, trigger: Trigger): Phase | undefined {
  return lifecycleTable[phase][trigger];
}

/** The phase of a combat between two commands. */
export function restingPhase(etat: EtatCombat): Phase {
  switch (etat) {
    case "INEXISTANT":
      return "absent";
    case "PREPARATION":
      return "prepared";
    case "EN_COURS":
      return "turn";
    case "TERMINE":
      return "ended";
    case "ABANDONNE":
      return "abandoned";
  }
}
