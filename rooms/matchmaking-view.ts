import { type SchemaType, schema, t } from "@colyseus/schema";
import type { Ticket } from "../store/tickets.ts";

/** A player's ticket as its room shows it; "" and 0 where there is none. Times are ISO 8601. */
export const MatchmakingView = schema(
  {
    ticketId: t.string(),
    mode: t.string(),
    etat: t.string(),
    raison: t.string(),
    cote: t.number(),
    region: t.string(),
    creeA: t.string(),
    taille: t.number(),
    joueurs: t.number(),
    matchId: t.string(),
    equipe: t.string(),
    echeance: t.string(),
    acceptee: t.boolean(),
    combatId: t.string(),
  },
  "Matchmaking",
);
export type MatchmakingView = SchemaType<typeof MatchmakingView>;

/** A player's last ticket, open or not. */
export interface OwnTicket {
  readonly joueurId: string;
  readonly ticket: Ticket | undefined;
}

/** The combat is told once it has begun: before, there is none to join. */
export function projectTicket(view: MatchmakingView, { joueurId, ticket }: OwnTicket): void {
  const match = ticket?.match ?? null;
  view.assign({
    ticketId: ticket?.ticketId ?? "",
    mode: ticket?.mode ?? "",
    etat: ticket?.etat ?? "",
    raison: ticket?.raison ?? "",
    cote: ticket?.cote ?? 0,
    region: match?.region ?? ticket?.region ?? "",
    creeA: ticket?.creeA ?? "",
    taille: ticket?.taille ?? 0,
    joueurs: ticket?.joueurs.length ?? 0,
    matchId: match?.matchId ?? "",
    equipe: match?.equipe ?? "",
    echeance: match?.echeance ?? "",
    acceptee: ticket?.joueurs.find((one) => one.joueurId === joueurId)?.acceptee ?? false,
    combatId: ticket?.etat === "LANCE" ? (match?.combatId ?? "") : "",
  });
}
