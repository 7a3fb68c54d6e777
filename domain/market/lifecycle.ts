import { createMachine, initialTransition, transition } from "xstate";
import type { Fiche, Ordre } from "./state.ts";

/** The life of an order in its book. It is refused instead of placed when it could not be taken as it is. */
export const orderLifecycle = createMachine({
  id: "order",
  initial: "absent",
  states: {
    absent: { on: { PLACE: "active", REFUSE: "refused" } },
    active: { on: { FILL: "partial", COMPLETE: "complete", CANCEL: "cancelled", EXPIRE: "expired" } },
    partial: {
      on: { FILL: "partial", COMPLETE: "complete", CANCEL: "cancelled", EXPIRE: "expired" },
    },
    complete: { type: "final" },
    cancelled: { type: "final" },
    expired: { type: "final" },
    refused: { type: "final" },
  },
});

export const PHASES = ["absent", "active", "partial", "complete", "cancelled", "expired", "refused"] as const;
export type Phase = (typeof PHASES)[number];

export const TRIGGERS = ["PLACE", "REFUSE", "FILL", "COMPLETE", "CANCEL", "EXPIRE"] as const;
export type Trigger = (typeof TRIGGERS)[number];

type Snapshot = ReturnType<typeof initialTransition<typeof orderLifecycle>>[0];
type Table = Readonly<Record<Phase, Readonly<Partial<Record<Trigger, Phase>>>>>;

/** Walks the machine once, at load: xstate's `transition` costs some 11 µs, a look-up next to nothing. */
function tabulate(): Table {
  const table: Partial<Record<Phase, Partial<Record<Trigger, Phase>>>> = {};
  const open: Snapshot[] = [initialTransition(orderLifecycle)[0]];
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    const phase = from.value as Phase;
    if (table[phase] !== undefined) continue;
    const row: Partial<Record<Trigger, Phase>> = {};
    table[phase] = row;
    for (const type of TRIGGERS) {
      if (!from.can({ type })) continue;
      const [to] = transition(orderLifecycle, from, { type });
      row[type] = to.value as Phase;
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

/** The phase of an order, by what the book knows of it. */
export function phaseOf(entry: Fiche | undefined, order: Ordre | undefined): Phase {
  switch (entry?.statut) {
    case undefined:
      return "absent";
    case "OUVERT":
      return order !== undefined && order.reste < order.quantite ? "partial" : "active";
    case "COMPLETE":
      return "complete";
    case "ANNULE":
      return "cancelled";
    case "EXPIRE":
      return "expired";
    case "REFUSE":
      return "refused";
  }
}
