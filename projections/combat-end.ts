import type { StoredEvent } from "../domain/envelope.ts";
import { type CombatRows, change, participantsIn, type Stored } from "./combat-batch.ts";
import { dropAll } from "./combat-effects.ts";
import { canonical, type InstanceRow } from "./combat-rows.ts";

/** What a combat that has ended adds to its players' figures ([PCOMBAT-11]). */
export function tally(rows: CombatRows, event: Stored<"CombatTermine">): void {
  const { resultat, vainqueurs, statistiques } = event.payload;
  const winners = new Set(vainqueurs.map((one) => canonical(one.participantId)));
  const tallies = new Map(Object.entries(statistiques).map(([id, bilan]) => [canonical(id), bilan]));
  for (const one of participantsIn(rows, event.aggregateId)) {
    if (one.type_entite !== "JOUEUR") continue;
    const bilan = tallies.get(one.participant_id);
    const won = winners.has(one.participant_id);
    rows.statistics.push({
      joueur_id: one.entite_id,
      combats: 1,
      victoires: resultat === "VICTOIRE" && won ? 1 : 0,
      defaites: resultat === "VICTOIRE" && !won ? 1 : 0,
      nuls: resultat === "NUL" ? 1 : 0,
      degats_infliges: bilan?.degatsInfliges ?? 0,
      degats_subis: bilan?.degatsSubis ?? 0,
      soins_prodigues: bilan?.soinsProdigues ?? 0,
      eliminations: bilan?.eliminations.length ?? 0,
      morts: one.hp_actuel === 0 ? 1 : 0,
      last_event_sequence: event.sequence,
      updated_at: event.timestamp,
    });
  }
}

/** Ends what goes on: nobody acts in it any more, and nothing is waited for. */
export function end(rows: CombatRows, instance: InstanceRow, event: StoredEvent, etat: "TERMINE" | "ABANDONNE"): void {
  instance.etat = etat;
  instance.participant_actif_id = null;
  instance.prochain_timeout = null;
  instance.heure_fin = event.timestamp;
  dropAll(rows, event.aggregateId);
  for (const { participant_id } of participantsIn(rows, event.aggregateId))
    change(rows, event, participant_id, (one) => {
      one.effets_actifs = [];
      one.peut_agir = false;
    });
}
