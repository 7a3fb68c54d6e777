import { erasedName } from "../domain/personal.ts";
import { STATS, type Stats } from "../domain/values.ts";
import type { JoueurTold, Told } from "./player-events.ts";
import { equipementId, inventaireId, type JoueurRow, type PlayerRows } from "./player-rows.ts";
import { searchable } from "./searchable.ts";

/** What does not fit the column: characters, not UTF-16 units. */
function clipped(text: string, length: number): string {
  return text.length <= length ? text : [...text].slice(0, length).join("");
}

/** The name that an event gives to its player, before it is known whether it is free. */
export function usernameOf({ payload }: Told<"JoueurCree">): string {
  return clipped(payload.username, 50);
}

/**
 * A name that another player has is marked with the whole of the player's id, behind a character that no username has. Two
 * players never claim one name, but the log does not promise it, and a player without a row would be a player that nobody sees.
 */
function freeUsername(rows: PlayerRows, joueurId: string, username: string): string {
  const holder = rows.holders.get(username);
  if (holder !== undefined && holder !== joueurId) return `${clipped(username, 17)}~${joueurId.replaceAll("-", "")}`;
  rows.holders.set(username, joueurId);
  return username;
}

/** The player's row, and with it an empty inventory and nothing worn. */
export function createPlayer(rows: PlayerRows, event: Told<"JoueurCree">): JoueurRow {
  const { payload, sequence: last_event_sequence, timestamp: updated_at } = event;
  const { joueurId: joueur_id } = payload;
  const row: JoueurRow = {
    joueur_id,
    username: freeUsername(rows, joueur_id, usernameOf(event)),
    pseudo: clipped(payload.pseudo, 50),
    pseudo_recherche: searchable(clipped(payload.pseudo, 50)),
    classe: payload.classe,
    niveau: payload.niveau,
    experience: 0,
    experience_prochain_niveau: payload.experienceProchainNiveau,
    stats_base: payload.statsBase,
    stats_equipement: {},
    stats_totales: payload.statsTotales,
    or: payload.or,
    guilde_id: null,
    guilde_nom: null,
    reputation: {},
    statistiques_jeu: { score_arene: payload.cote },
    derniere_connexion: null,
    cree_a: payload.a,
    last_event_sequence,
    updated_at,
    sequences: {},
  };
  rows.joueurs.put(row);
  const inventaire_id = inventaireId(joueur_id);
  const empty = { capacite: 50, poids_actuel: 0, poids_max: 1_000, slots_utilises: 0, extensions: [] };
  rows.inventaires.put({ inventaire_id, joueur_id, ...empty, last_event_sequence, updated_at });
  rows.sets.put({
    equipement_id: equipementId(joueur_id),
    joueur_id,
    ...{ slot_tete: null, slot_torse: null, slot_jambes: null, slot_pieds: null, slot_mains: null, slot_dos: null },
    ...{ slot_arme_principale: null, slot_arme_secondaire: null, slot_cou: null, slot_doigt_1: null },
    ...{ slot_doigt_2: null, slot_accessoire_1: null, slot_accessoire_2: null },
    ...{ bonus_set: [], valeur_defense_totale: 0, valeur_attaque_totale: 0 },
    last_event_sequence,
    updated_at,
  });
  return row;
}

/** One more of each; those that were never counted are at 0. */
export function counted(row: JoueurRow, ...names: readonly string[]): Pick<JoueurRow, "statistiques_jeu"> {
  const statistiques_jeu = { ...row.statistiques_jeu };
  for (const name of names) statistiques_jeu[name] = (statistiques_jeu[name] ?? 0) + 1;
  return { statistiques_jeu };
}

/** Several streams tell it, and one may be late: the newest stands. */
export function newest(
  row: JoueurRow,
  what: "tenue" | "statsTotales",
  sequence: number,
  change: Partial<JoueurRow>,
): Partial<JoueurRow> {
  if (sequence < (row.sequences[what] ?? 0)) return {};
  return { ...change, sequences: { ...row.sequences, [what]: sequence } };
}

const RESULTS = { VICTOIRE: "victoires", DEFAITE: "defaites", NUL: "nuls", ABANDON: "abandons" } as const;

function changeOf(rows: PlayerRows, row: JoueurRow, event: JoueurTold): Partial<JoueurRow> {
  const { sequence } = event;
  const stats_totales = (totals: Stats) => newest(row, "statsTotales", sequence, { stats_totales: totals });
  switch (event.eventType) {
    case "ExperienceGagnee": {
      const { experienceTotale, experienceProchainNiveau } = event.payload;
      return { experience: experienceTotale, experience_prochain_niveau: experienceProchainNiveau };
    }
    case "NiveauAtteint": {
      const { nouveauNiveau, experienceTotale, experienceProchainNiveau, statsAugmentees, statsTotales } =
        event.payload;
      const raised = STATS.map((name) => [name, (row.stats_base[name] ?? 0) + (statsAugmentees[name] ?? 0)]);
      return {
        niveau: nouveauNiveau,
        experience: experienceTotale,
        experience_prochain_niveau: experienceProchainNiveau,
        stats_base: Object.fromEntries(raised),
        ...stats_totales(statsTotales),
      };
    }
    case "StatsModifiees": {
      const { stats, statsTotales } = event.payload;
      const after = STATS.map((name) => [name, stats[name]?.apres ?? row.stats_base[name] ?? 0]);
      return { stats_base: Object.fromEntries(after), ...stats_totales(statsTotales) };
    }
    case "ClasseChangee": {
      const { nouvelleClasse, statsBase, statsTotales } = event.payload;
      return { classe: nouvelleClasse, stats_base: statsBase, ...stats_totales(statsTotales) };
    }
    case "OrModifie":
      return { or: event.payload.solde };
    case "CombatQuitte":
      return counted(row, "combats", RESULTS[event.payload.resultat]);
    case "CoteModifiee":
      return { statistiques_jeu: { ...row.statistiques_jeu, score_arene: event.payload.apres } };
    case "JoueurConnecte":
      return { derniere_connexion: event.payload.a };
    case "GuildeRejointe":
      return { guilde_id: clipped(event.payload.guildeId, 50), guilde_nom: clipped(event.payload.nom, 100) };
    case "DonneesPersonnellesEffacees": {
      const name = erasedName(row.joueur_id);
      return { username: freeUsername(rows, row.joueur_id, name), pseudo: name, pseudo_recherche: searchable(name) };
    }
    case "ReputationModifiee":
      return { reputation: { ...row.reputation, [event.payload.pnjId]: event.payload.apres } };
  }
}

export function foldJoueur(rows: PlayerRows, row: JoueurRow, event: JoueurTold): void {
  rows.joueurs.put({ ...row, ...changeOf(rows, row, event) });
  if (event.eventType !== "NiveauAtteint") return;
  const { nouveauNiveau, experienceTotale, a } = event.payload;
  rows.niveaux.put({
    historique_id: event.eventId,
    joueur_id: row.joueur_id,
    niveau_atteint: nouveauNiveau,
    experience_total: experienceTotale,
    atteint_a: a,
    event_sequence: event.sequence,
  });
}
