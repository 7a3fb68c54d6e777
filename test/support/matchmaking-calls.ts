import { expect } from "vitest";
import { call } from "./adventure.ts";

export interface SeenTicket {
  readonly ticketId: string;
  readonly etat: string;
  readonly raison: string | null;
  readonly revision: number;
  readonly joueurs: readonly { readonly joueurId: string; readonly acceptee: boolean }[];
  readonly match: { readonly matchId: string; readonly combatId: string | null; readonly equipe: string } | null;
}

/** A player made over REST, with nobody connected. */
export async function create(apiUrl: string, pseudo = "Alix"): Promise<string> {
  const id = crypto.randomUUID();
  const command = { type: "CreerJoueur", username: `u${id.slice(0, 8)}`, pseudo, classe: "MAGE" };
  const made = await call(apiUrl, `/players/${id}/commands`, "joueur", { method: "POST", body: command, userId: id });
  expect(made.status, JSON.stringify(made.body)).toBe(200);
  return id;
}

export async function queue(apiUrl: string, userId: string, wish: object, id?: string) {
  const made = await call(apiUrl, "/matchmaking/tickets", "joueur", {
    ...{ method: "POST", body: wish, userId },
    ...(id !== undefined && { id }),
  });
  return { ...made, ticket: made.body as unknown as SeenTicket };
}

/** A player's ticket once it is as the test wants it. */
export async function until(
  apiUrl: string,
  userId: string,
  ticket: SeenTicket,
  holds: (one: SeenTicket) => boolean,
): Promise<SeenTicket> {
  for (let now = ticket; ; ) {
    if (holds(now)) return now;
    const path = `/matchmaking/tickets/${now.ticketId}?wait=10&depuis=${now.revision}`;
    const { status, body } = await call(apiUrl, path, "joueur", { userId });
    expect(status, JSON.stringify(body)).toBe(200);
    now = body as unknown as SeenTicket;
  }
}

export const isBegun = ({ etat }: SeenTicket): boolean => etat === "LANCE";
