import { describe, expect, test } from "vitest";
import { arrive, call } from "../support/adventure.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const MODES = { "1V1": { acceptationMs: 0 } };
const server = useServerProcess(useDatabase(), {
  ...FAST,
  DEMO_WORLD: "true",
  MATCHMAKING_MODES: JSON.stringify(MODES),
});

describe("REST", () => {
  test("[MATCH-10] two players come into one combat", async () => {
    const [alix, bruno] = [await arrive(server.gameUrl, "MAGE"), await arrive(server.gameUrl, "MAGE", "Bruno")];
    const tickets = [];
    for (const { id } of [alix, bruno]) {
      const made = await call(server.apiUrl, "/matchmaking/tickets", "joueur", {
        method: "POST",
        body: { mode: "1V1" },
        userId: id,
      });
      expect(made.status, JSON.stringify(made.body)).toBe(201);
      tickets.push(made.body);
    }
    for (const [i, { id }] of [alix, bruno].entries()) {
      let ticket = tickets[i] as Record<string, unknown>;
      while (ticket["etat"] !== "LANCE") {
        const path = `/matchmaking/tickets/${ticket["ticketId"]}?wait=10&depuis=${ticket["revision"]}`;
        ticket = (await call(server.apiUrl, path, "joueur", { userId: id })).body;
      }
      const { combatId } = ticket["match"] as { combatId: string };
      const fight = await (i === 0 ? alix : bruno).client.joinCombat(combatId);
      expect(fight.state.combatId).toBe(combatId);
    }
  });
});
