import { z } from "zod";
import { type DeepReadonly, whole } from "../combat/values.ts";
import { objetTransfere } from "./item-instance.ts";

/** [TRADE-5]: ms after its last step in which an exchange is still under way. */
export const EXCHANGE_LASTS_MS = 5 * 60_000;

const id = z.uuid();
const instant = z.iso.datetime();
const revision = z.int().min(0);

/** What one side would give. `slotId` is a slot of that side's; the gold is bounded as a purse is. */
export const offre = z.strictObject({
  or: whole(0, 2_000_000_000),
  objets: z.array(objetTransfere.extend({ slotId: id, quantite: whole(1, 9_999) }).strict()).max(20),
});
export type Offre = DeepReadonly<z.infer<typeof offre>>;

/** Every one is in both players' streams, with the same `par`: whose step it is. `avec` is the other one. */
const step = z.object({ joueurId: id, echangeId: id, avec: id, par: id });

export const negotiationPayloads = {
  EchangeOuvert: step.extend({ pseudoAvec: z.string(), revision, expireA: instant, a: instant }),
  OffreModifiee: step.extend({ offre, revision, expireA: instant }),
  EchangeConfirme: step.extend({ revision, expireA: instant }),
  /** `par`: who concluded or cancelled it; null: its time was over. */
  EchangeFerme: step.extend({
    par: id.nullable(),
    pseudoAvec: z.string(),
    issue: z.enum(["CONCLU", "ANNULE", "EXPIRE"]),
    a: instant,
  }),
} as const;

type Payloads = {
  readonly [Type in keyof typeof negotiationPayloads]: DeepReadonly<z.infer<(typeof negotiationPayloads)[Type]>>;
};
export type NegotiationEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];
export type Issue = Payloads["EchangeFerme"]["issue"];

const side = offre.extend({ confirmee: z.boolean() });

/** An exchange as one of its two players sees it. */
export const negotiation = z.object({
  echangeId: id,
  avec: id,
  pseudoAvec: z.string(),
  ouvertPar: id,
  revision,
  expireA: instant,
  mienne: side,
  sienne: side,
});
export type Negotiation = DeepReadonly<z.infer<typeof negotiation>>;

const NOTHING: Negotiation["mienne"] = { or: 0, objets: [], confirmee: false };

/** The one that is under way, after an event about one: events about another change nothing. */
export function evolveNegotiation(state: Negotiation | null, event: NegotiationEvent): Negotiation | null {
  if (event.eventType === "EchangeOuvert") {
    const { echangeId, avec, pseudoAvec, par, revision: first, expireA } = event.payload;
    const sides = { mienne: NOTHING, sienne: NOTHING };
    return { echangeId, avec, pseudoAvec, ouvertPar: par, revision: first, expireA, ...sides };
  }
  if (state?.echangeId !== event.payload.echangeId) return state;
  const own = event.payload.par === event.payload.joueurId;
  switch (event.eventType) {
    case "OffreModifiee": {
      const { offre: offered, revision: next, expireA } = event.payload;
      const changed = { ...offered, confirmee: false };
      const mienne = own ? changed : { ...state.mienne, confirmee: false };
      const sienne = own ? { ...state.sienne, confirmee: false } : changed;
      return { ...state, revision: next, expireA, mienne, sienne };
    }
    case "EchangeConfirme": {
      const confirmed = own
        ? { mienne: { ...state.mienne, confirmee: true } }
        : { sienne: { ...state.sienne, confirmee: true } };
      return { ...state, expireA: event.payload.expireA, ...confirmed };
    }
    case "EchangeFerme":
      return null;
  }
}
