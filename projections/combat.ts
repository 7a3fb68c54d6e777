import { combatEvents } from "../domain/combat/events.ts";
import { foldCombat } from "./combat-fold.ts";
import { loadCombats, saveCombats } from "./combat-tables.ts";
import type { Projector } from "./projector.ts";

/**
 * The combats: instances, participants, acts, effects, history, and each player's figures. An event changes only rows of its own
 * combat, and a combat's row says how far they have come; the figures are sums, counted as a combat ends.
 */
export const combatProjector: Projector = {
  name: "combat",
  eventTypes: Object.keys(combatEvents),
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
    const rows = await loadCombats(transaction, [...new Set(events.map(({ aggregateId }) => aggregateId))]);
    for (const event of events) foldCombat(rows, event);
    await saveCombats(transaction, rows);
  },
};
