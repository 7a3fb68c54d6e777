import { expect } from "vitest";
import { rowsOf } from "./client.ts";

/** What holds whenever nothing is under way: matches, combats, tickets and players' entries say the same. */
export async function expectWhole(url: string): Promise<void> {
  const begun = await rowsOf(
    url,
    `SELECT m.match_id FROM matchs m WHERE (m.etat = 'LANCE') <> EXISTS (
       SELECT FROM stream_heads h WHERE h.aggregate_id = m.combat_id AND h.aggregate_type = 'Combat' AND h.version > 0)`,
  );
  expect(begun, "a match is LANCE and has its combat, or neither").toEqual([]);

  const twice = await rowsOf(
    url,
    `SELECT aggregate_id FROM evenements WHERE event_type = 'CombatPrepare' GROUP BY aggregate_id HAVING count(*) > 1`,
  );
  expect(twice, "a combat begins once").toEqual([]);

  const members = await rowsOf(
    url,
    `SELECT * FROM (
       SELECT m.combat_id::text AS combat, j.joueur_id::text AS joueur FROM matchs m JOIN tickets_matchmaking t USING (match_id)
         JOIN joueurs_ticket j USING (ticket_id) JOIN stream_heads h ON h.aggregate_id = j.joueur_id
       WHERE m.etat = 'LANCE' AND t.etat = 'LANCE') AS said
     FULL JOIN (
       SELECT e.payload->>'combatId' AS combat, e.aggregate_id::text AS joueur FROM evenements e
         JOIN matchs m ON m.combat_id::text = e.payload->>'combatId' WHERE e.event_type = 'CombatEngage') AS done
     USING (combat, joueur) WHERE said IS NULL OR done IS NULL`,
  );
  // Guests, whom a service gives whole, have no stream.
  expect(members, "whoever is in a match that has begun has entered its combat, and nobody else has").toEqual([]);

  const open = await rowsOf(
    url,
    `SELECT t.ticket_id, t.etat FROM tickets_matchmaking t LEFT JOIN matchs m USING (match_id)
     WHERE (t.etat = 'PROPOSE' AND m.etat <> 'PROPOSE') OR (t.etat = 'APPARIE' AND m.etat <> 'PRET')
       OR (t.etat = 'LANCE' AND m.etat <> 'LANCE')
       OR EXISTS (SELECT FROM joueurs_ticket j WHERE j.ticket_id = t.ticket_id AND j.ouvert = (t.etat IN ('LANCE', 'ANNULE')))`,
  );
  expect(open, "a ticket is where its match is, and holds its players while it is open").toEqual([]);
}
