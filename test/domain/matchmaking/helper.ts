import fc from "fast-check";
import { type Mode, type ModeRules, modeRules } from "../../../domain/matchmaking/modes.ts";
import type { WaitingTicket } from "../../../domain/matchmaking/ticket.ts";

export const NOW = 1_800_000_000_000;
export const RULES = modeRules();

let last = 0;

/** A ticket alone, that has waited for so many seconds. */
export function ticket(cote: number, over: Partial<WaitingTicket> & { readonly waited?: number } = {}): WaitingTicket {
  const { waited = 0, ...rest } = over;
  last += 1;
  return {
    ticketId: `00000000-0000-4000-8000-${String(last).padStart(12, "0")}`,
    cote,
    taille: 1,
    region: "eu",
    latences: {},
    latenceMax: 100,
    cibleId: null,
    creeA: NOW - waited * 1_000,
    ...rest,
  };
}

const REGIONS = ["eu", "us", "asia"];

/** Queues as they may be: parties, regions and waiting times of all kinds, ratings that often lie close together. */
export function queues(rules: ModeRules, maxLength = 40): fc.Arbitrary<WaitingTicket[]> {
  const one = fc.record({
    cote: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 950, max: 1_050 })),
    taille: fc.integer({ min: 1, max: rules.taille }),
    region: fc.constantFrom(...REGIONS),
    latences: fc.dictionary(fc.constantFrom(...REGIONS), fc.integer({ min: 0, max: 300 })),
    latenceMax: fc.integer({ min: 1, max: 300 }),
    cibleId: rules.equipes === 2 ? fc.constant(null) : fc.constantFrom("a", "b"),
    creeA: fc.integer({ min: 0, max: 120 }).map((seconds) => NOW - seconds * 1_000),
  });
  return fc
    .array(one, { maxLength })
    .map((all) =>
      all.map((each, i) => ({ ...each, ticketId: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}` })),
    );
}

export const VERSUS: readonly Mode[] = ["1V1", "2V2", "3V3"];
export const GROUPS: readonly Mode[] = ["PVE", "BOSS"];
