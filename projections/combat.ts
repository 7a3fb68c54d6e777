import { combatEvents } from "../domain/combat/events.ts";
import { foldCombat } from "./combat-fold.ts";
import { loadCombats, saveCombats } from "./combat-tables.ts";
import { ERASURE, erase } from "./erasures.ts";
import type { Projector } from "./projector.ts";

const NAMELESS = ["", "_archive"].flatMap((kept) => [
  `UPDATE participants_combat${kept} SET nom = $2::text WHERE entite_id = $1::uuid AND type_entite = 'JOUEUR' AND nom <> $2::text`,
  `UPDATE historique_combat${kept} SET details = without_name(details, '{participants,vainqueurs,vaincus}', 'entiteId', $1::uuid, 'nom', $2::text)
   WHERE event_type IN ('CombatPrepare', 'CombatDemarre', 'CombatTermine') AND named_in(details) ? $1::uuid::text`,
]);

/**
 * The combats: instances, participants, acts, effects, history, and each player's figures. An event changes only rows of its own
 * combat, and a combat's row says how far they have come; the figures are sums, counted as a combat ends.
 */
export const combatProjector: Projector = {
  name: "combat",
  eventTypes: [...Object.keys(combatEvents), ERASURE],
  tables: [
    "instances_combat",
    "participants_combat",
    "actions_combat",
    "effets_statut",
    "historique_combat",
    "statistiques_joueur",
  ],
  archives: [
    "instances_combat_archive",
    "participants_combat_archive",
    "actions_combat_archive",
    "historique_combat_archive",
  ],

  async apply(events, transaction) {
    const own = events.filter(({ eventType }) => eventType !== ERASURE);
    const rows = await loadCombats(transaction, [...new Set(own.map(({ aggregateId }) => aggregateId))]);
    for (const event of own) foldCombat(rows, event);
    await saveCombats(transaction, rows);
    await erase(events, transaction, NAMELESS);
  },
};
