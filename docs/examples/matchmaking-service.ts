/**
 * An outside matchmaking service, with nothing but HTTP: it queues parties for players and follows their tickets to the combat, and it makes
 * a match of its own. Against a server with players in it:
 *
 *   SERVICE_TOKEN=$(npm run -s token -- --role service) node docs/examples/matchmaking-service.ts <playerId> <playerId>
 */
const API = process.env["AETHER_API"] ?? "http://localhost:2568";
const TOKEN = process.env["SERVICE_TOKEN"] ?? "";

interface Ticket {
  readonly ticketId: string;
  readonly etat: "FORMATION" | "EN_ATTENTE" | "PROPOSE" | "APPARIE" | "LANCE" | "ANNULE";
  readonly raison: string | null;
  readonly revision: number;
  readonly joueurs: readonly { readonly joueurId: string; readonly acceptee: boolean }[];
  readonly match: { readonly matchId: string; readonly combatId: string | null } | null;
}
interface Begun {
  readonly matchId: string;
  readonly combatId: string;
  readonly seats: readonly { readonly joueurId: string; readonly room: string; readonly options: unknown }[];
}

/** Asks again for as long as the server says that this may help; the key makes sure that it is done once. */
async function ask<Answer>(
  method: string,
  path: string,
  body?: unknown,
  key: string = crypto.randomUUID(),
): Promise<Answer> {
  for (;;) {
    let response: Response;
    try {
      response = await fetch(`${API}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${TOKEN}`,
          "idempotency-key": key,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch {
      // The node is gone; another one, or the same after its restart, has what it promised.
      await new Promise((resolve) => setTimeout(resolve, 500));
      continue;
    }
    const answer = (await response.json()) as Answer & { readonly code?: string; readonly retryable?: boolean };
    if (response.ok) return answer;
    if (answer.retryable !== true) throw new Error(`${method} ${path}: ${answer.code}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Queues one player, says yes for it once a match is found, and tells the combat that it is to join. */
async function play(joueurId: string): Promise<string> {
  let ticket = await ask<Ticket>("POST", "/matchmaking/tickets", {
    mode: "1V1",
    region: "eu",
    latences: { eu: 20, us: 110 },
    joueurs: [{ joueurId }],
  });
  while (ticket.etat !== "LANCE") {
    if (ticket.etat === "ANNULE") throw new Error(`the ticket is over: ${ticket.raison}`);
    if (ticket.etat === "PROPOSE" && ticket.joueurs.some((one) => !one.acceptee))
      ticket = await ask("POST", `/matchmaking/matches/${ticket.match?.matchId}/answer`, { accepte: true, joueurId });
    else ticket = await ask("GET", `/matchmaking/tickets/${ticket.ticketId}?wait=20&depuis=${ticket.revision}`);
  }
  return ticket.match?.combatId ?? "";
}

const [one, other] = process.argv.slice(2);
if (one === undefined || other === undefined) throw new Error("name two players");

const combats = await Promise.all([play(one), play(other)]);
console.log(`from the queue: ${combats.join(" and ")}`);

// A match that the service has made by itself, here of players of another kind: guests, given whole.
const guest = (nom: string, equipe: string, position: number) => ({
  entiteId: crypto.randomUUID(),
  typeEntite: "JOUEUR",
  equipe,
  nom,
  position,
  hpMax: 100,
  statsCombat: { attaque: 20 },
});
const key = crypto.randomUUID();
const match = {
  typeCombat: "PVP",
  zone: { zoneId: "20e00000-0000-4000-8000-000000000001" },
  preparationMs: 60_000,
  participants: [guest("Alix", "A", 0), guest("Bruno", "B", 1)],
};
const begun = await ask<Begun>("POST", "/matchmaking/matches", match, key);
const again = await ask<Begun>("POST", "/matchmaking/matches", match, key);
console.log(`a match of its own: ${begun.combatId}, asked for again: ${again.combatId}`);
for (const { joueurId, room, options } of begun.seats)
  console.log(`${joueurId} joins ${room} ${JSON.stringify(options)}`);
