import { z } from "zod";
import type { Matched } from "../../rooms/matchmaking-service-match.ts";
import type { Ticket } from "../../store/tickets.ts";
import { at, count, id } from "./answers.ts";

/** The forms of what is told of tickets and matches. */
export const ticketAnswer = z.strictObject({
  ticketId: id,
  mode: z.string(),
  etat: z.enum(["FORMATION", "EN_ATTENTE", "PROPOSE", "APPARIE", "LANCE", "ANNULE"]),
  raison: z.string().nullable().meta({ description: "why it is ANNULE" }),
  cote: count,
  taille: count,
  region: z.string(),
  cibleId: id.nullable(),
  joueurs: z.array(z.strictObject({ joueurId: id, cote: count, acceptee: z.boolean() })),
  revision: count.meta({ description: "raised by every change: what `depuis` is to be told" }),
  creeA: at,
  expireA: at,
  match: z
    .strictObject({
      matchId: id,
      etat: z.enum(["PROPOSE", "PRET", "LANCE", "ECHOUE"]),
      region: z.string(),
      equipe: z.string(),
      echeance: at.nullable().meta({ description: "until when it is to be accepted" }),
      combatId: id.nullable().meta({ description: "once it has begun" }),
    })
    .nullable(),
});

export const seat = z.strictObject({
  joueurId: id,
  equipe: z.string(),
  room: z.literal("combat"),
  options: z.strictObject({ combatId: id }),
});

export const matchAnswer = z.strictObject({
  matchId: id,
  etat: z.enum(["PROPOSE", "PRET", "LANCE", "ECHOUE"]),
  raison: z.string().nullable(),
  combatId: id.nullable(),
  seats: z.array(seat),
});

export const begunAnswer = z.strictObject({ matchId: id, combatId: id, seats: z.array(seat) });

/** There is no combat to join before it has begun. */
export function publishTicket({ emetteurId: _, match, ...ticket }: Ticket): z.output<typeof ticketAnswer> {
  const combatId = match?.etat === "LANCE" ? match.combatId : null;
  return { ...ticket, joueurs: [...ticket.joueurs], match: match === null ? null : { ...match, combatId } };
}

export function publishBegun({ matchId, combatId, seats }: Matched & { ok: true }): z.output<typeof begunAnswer> {
  return { matchId, combatId, seats: seats.map((one) => ({ ...one, options: { ...one.options } })) };
}
