import { z } from "zod";
import { type Aggregate, accept, reject } from "../../domain/decider.ts";

export const ID = "01900000-0000-7000-8000-000000000001";

/** The smallest aggregate that has everything: a sum with an upper limit, and a reminder once it is over 100. */
export interface Tally {
  readonly sum: number;
  readonly changes: number;
  readonly remindedAt: number | null;
}
export type TallyCommand = { readonly type: "Add"; readonly amount: number } | { readonly type: "Remind" };
type Payload = { readonly amount: number; readonly sum: number };
export type TallyEvent = { readonly eventType: "Added" | "Reminded"; readonly payload: Payload };

const payload = z.strictObject({ amount: z.int(), sum: z.int() });

export const tally: Aggregate<Tally, TallyCommand, TallyEvent> = {
  type: "WorldState",
  events: { Added: { schemaVersion: 1, schema: payload }, Reminded: { schemaVersion: 1, schema: payload } },
  initial: { sum: 0, changes: 0, remindedAt: null },
  decide(state, command) {
    switch (command.type) {
      case "Add":
        if (state.sum + command.amount > 200) return reject("TOO_MUCH", "the sum may not pass 200");
        if (command.amount === 13) throw new Error("a bug, for the sake of it");
        return accept([{ eventType: "Added", payload: { amount: command.amount, sum: state.sum + command.amount } }]);
      case "Remind":
        if (state.sum <= 100 || state.remindedAt !== null) return reject("NOTHING_DUE", "no reminder is due");
        return accept([{ eventType: "Reminded", payload: { amount: 0, sum: state.sum } }]);
    }
  },
  evolve: (state, { eventType, payload: { sum } }) => ({
    sum,
    changes: state.changes + 1,
    remindedAt: eventType === "Reminded" ? sum : state.remindedAt,
  }),
  wakeUp: (state) =>
    state.sum > 100 && state.remindedAt === null ? { at: 1_000, command: { type: "Remind" } } : undefined,
  snapshot: { version: 1, schema: z.object({ sum: z.int(), changes: z.int(), remindedAt: z.int().nullable() }) },
};
