import type { CompetenceDefinition, TypeObjectif } from "../domain/catalogue/definitions.ts";
import type { Slot } from "../domain/player/inventaire.ts";
import type { Tenue } from "../domain/player/outfit.ts";
import type { PartType, PayloadOf } from "../domain/player/state.ts";
import type { Bonus, Classe, Emplacement } from "../domain/values.ts";
import { derivedUuid, partId } from "../store/uuid.ts";
import { recordChanges } from "./board-changes.ts";
import type { Transaction } from "./projector.ts";
import { RowSet, type Shape } from "./row-set.ts";

/** Rows as the tables have them; instants are ISO 8601 in UTC. */
export interface JoueurRow {
  readonly joueur_id: string;
  readonly username: string;
  readonly pseudo: string;
  readonly pseudo_recherche: string;
  readonly classe: Classe;
  readonly niveau: number;
  readonly experience: number;
  readonly experience_prochain_niveau: number;
  readonly stats_base: Bonus;
  readonly stats_equipement: Bonus;
  readonly stats_totales: Bonus;
  readonly or: number;
  readonly guilde_id: string | null;
  readonly guilde_nom: string | null;
  /** By pnjId. */
  readonly reputation: Readonly<Record<string, number>>;
  readonly statistiques_jeu: Readonly<Record<string, number>>;
  readonly derniere_connexion: string | null;
  readonly cree_a: string;
  readonly last_event_sequence: number;
  readonly updated_at: string;
  /** Of the last event taken of each stream; and of the last one that told what several streams tell. */
  readonly sequences: Readonly<Partial<Record<PartType | "tenue" | "statsTotales", number>>>;
}

export interface InventaireRow {
  readonly inventaire_id: string;
  readonly joueur_id: string;
  readonly capacite: number;
  readonly poids_actuel: number;
  readonly poids_max: number;
  readonly slots_utilises: number;
  readonly extensions: readonly { capacite: number; poidsMax: number; reference: string; a: string }[];
  readonly last_event_sequence: number;
  readonly updated_at: string;
}

export interface ItemRow {
  readonly slot_id: string;
  readonly inventaire_id: string;
  readonly joueur_id: string;
  readonly item_id: string;
  readonly quantite: number;
  readonly type_slot: PayloadOf<"ItemAjoute">["typeSlot"];
  readonly position_slot: number;
  readonly est_equipe: boolean;
  readonly proprietes_instance: Slot["proprietes"];
  readonly obtenu_a: string;
  readonly event_sequence: number;
}

type SlotColumn = `slot_${Lowercase<Emplacement>}`;
export type SetRow = { readonly [Column in SlotColumn]: string | null } & {
  readonly equipement_id: string;
  readonly joueur_id: string;
  readonly bonus_set: Tenue["bonusSet"];
  readonly valeur_defense_totale: number;
  readonly valeur_attaque_totale: number;
  readonly last_event_sequence: number;
  readonly updated_at: string;
};

export interface CompetenceRow {
  readonly competence_joueur_id: string;
  readonly joueur_id: string;
  readonly competence_id: string;
  readonly niveau_competence: number;
  readonly cooldown_restant_secondes: number;
  readonly dernier_usage: string | null;
  readonly echeance: string | null;
  readonly definition: CompetenceDefinition;
  readonly last_event_sequence: number;
  readonly updated_at: string;
}

export interface Progres {
  readonly objectifId: string;
  readonly type: TypeObjectif;
  readonly cible: string | null;
  readonly description: string;
  readonly progres: number;
  readonly requis: number;
}

export interface QueteRow {
  readonly quete_joueur_id: string;
  readonly joueur_id: string;
  readonly quete_id: string;
  readonly etat: "EN_COURS" | "COMPLETE" | "ECHOUEE" | "ABANDONEE";
  readonly progres_objectifs: readonly Progres[];
  readonly pourcentage_completion: number;
  readonly acceptee_a: string;
  readonly completee_a: string | null;
  readonly expire_a: string | null;
  readonly acceptation: number;
  readonly nom: string;
  readonly last_event_sequence: number;
  readonly updated_at: string;
}

export interface NiveauRow {
  readonly historique_id: string;
  readonly joueur_id: string;
  readonly niveau_atteint: number;
  readonly experience_total: number;
  readonly atteint_a: string;
  readonly event_sequence: number;
}

function shape<Row>(table: string, columns: Readonly<Record<keyof Row & string, "key" | 1>>): Shape<Row> {
  const names = Object.keys(columns) as (keyof Row & string)[];
  const key = names.find((name) => columns[name] === "key");
  if (key === undefined) throw new Error(`${table} has no key`);
  return { table, key, columns: names };
}

const JOUEURS = shape<JoueurRow>("joueurs", {
  joueur_id: "key",
  ...{ username: 1, pseudo: 1, classe: 1, niveau: 1, experience: 1, experience_prochain_niveau: 1, stats_base: 1 },
  ...{ stats_equipement: 1, stats_totales: 1, or: 1, guilde_id: 1, guilde_nom: 1, reputation: 1, statistiques_jeu: 1 },
  ...{ derniere_connexion: 1, cree_a: 1, last_event_sequence: 1, updated_at: 1, sequences: 1, pseudo_recherche: 1 },
});
const INVENTAIRES = shape<InventaireRow>("inventaires", {
  inventaire_id: "key",
  ...{ joueur_id: 1, capacite: 1, poids_actuel: 1, poids_max: 1, slots_utilises: 1, extensions: 1 },
  ...{ last_event_sequence: 1, updated_at: 1 },
});
const ITEMS = shape<ItemRow>("items_inventaire", {
  slot_id: "key",
  ...{ inventaire_id: 1, joueur_id: 1, item_id: 1, quantite: 1, type_slot: 1, position_slot: 1, est_equipe: 1 },
  ...{ proprietes_instance: 1, obtenu_a: 1, event_sequence: 1 },
});
const SETS = shape<SetRow>("sets_equipement", {
  equipement_id: "key",
  ...{
    joueur_id: 1,
    slot_tete: 1,
    slot_torse: 1,
    slot_jambes: 1,
    slot_pieds: 1,
    slot_mains: 1,
    slot_arme_principale: 1,
  },
  ...{ slot_arme_secondaire: 1, slot_dos: 1, slot_cou: 1, slot_doigt_1: 1, slot_doigt_2: 1, slot_accessoire_1: 1 },
  ...{ slot_accessoire_2: 1, bonus_set: 1, valeur_defense_totale: 1, valeur_attaque_totale: 1 },
  ...{ last_event_sequence: 1, updated_at: 1 },
});
const COMPETENCES = shape<CompetenceRow>("competences_joueur", {
  competence_joueur_id: "key",
  ...{ joueur_id: 1, competence_id: 1, niveau_competence: 1, cooldown_restant_secondes: 1, dernier_usage: 1 },
  ...{ echeance: 1, definition: 1, last_event_sequence: 1, updated_at: 1 },
});
const QUETES = shape<QueteRow>("quetes_joueur", {
  quete_joueur_id: "key",
  ...{ joueur_id: 1, quete_id: 1, etat: 1, progres_objectifs: 1, pourcentage_completion: 1, acceptee_a: 1 },
  ...{ completee_a: 1, expire_a: 1, acceptation: 1, nom: 1, last_event_sequence: 1, updated_at: 1 },
});
const NIVEAUX = shape<NiveauRow>("historique_niveau", {
  historique_id: "key",
  ...{ joueur_id: 1, niveau_atteint: 1, experience_total: 1, atteint_a: 1, event_sequence: 1 },
});

export const TABLES = [JOUEURS, INVENTAIRES, ITEMS, SETS, COMPETENCES, QUETES, NIVEAUX].map(({ table }) => table);

export const inventaireId = (joueurId: string): string => partId(joueurId, "Inventaire");
export const equipementId = (joueurId: string): string => partId(joueurId, "Equipement");
export const competenceJoueurId = (joueurId: string, competenceId: string): string =>
  derivedUuid(competenceId, joueurId);
export const slotColumn = (place: Emplacement): SlotColumn => `slot_${place.toLowerCase() as Lowercase<Emplacement>}`;

/** What the rows of a batch are to be found by. */
export interface Wanted {
  readonly joueurs: ReadonlySet<string>;
  readonly usernames: ReadonlySet<string>;
  /** Of players whose things are touched. */
  readonly inventaires: ReadonlySet<string>;
  readonly equipements: ReadonlySet<string>;
  readonly slots: ReadonlySet<string>;
  readonly competences: ReadonlySet<string>;
  /** Player and quest, in pairs. */
  readonly quetes: ReadonlyMap<string, readonly [string, string]>;
}

export class PlayerRows {
  readonly joueurs = new RowSet(JOUEURS);
  readonly inventaires = new RowSet(INVENTAIRES);
  readonly items = new RowSet(ITEMS);
  readonly sets = new RowSet(SETS);
  readonly competences = new RowSet(COMPETENCES);
  readonly quetes = new RowSet(QUETES);
  readonly niveaux = new RowSet(NIVEAUX);
  /** Which player has a username, of those that the batch would give to somebody. */
  readonly holders = new Map<string, string>();
  /** The newest row of a player and a quest, by both. */
  readonly #newest = new Map<string, string>();

  quete(joueurId: string, queteId: string): QueteRow | undefined {
    const id = this.#newest.get(`${joueurId} ${queteId}`);
    return id === undefined ? undefined : this.quetes.get(id);
  }

  putQuete(row: QueteRow): void {
    this.quetes.put(row);
    this.#newest.set(`${row.joueur_id} ${row.quete_id}`, row.quete_joueur_id);
  }

  async load(transaction: Transaction, wanted: Wanted): Promise<void> {
    await this.joueurs.load(transaction, "joueur_id", wanted.joueurs);
    await this.inventaires.load(transaction, "inventaire_id", wanted.inventaires);
    await this.items.load(transaction, "slot_id", wanted.slots);
    await this.sets.load(transaction, "equipement_id", wanted.equipements);
    await this.competences.load(transaction, "competence_joueur_id", wanted.competences);
    await this.#loadQuetes(transaction, [...wanted.quetes.values()]);
    if (wanted.usernames.size === 0) return;
    const { rows } = await transaction.query<{ username: string; joueur_id: string }>(
      "SELECT username, joueur_id FROM joueurs WHERE username = ANY($1::text[])",
      [[...wanted.usernames]],
    );
    for (const { username, joueur_id } of rows) this.holders.set(username, joueur_id);
  }

  /** Those that others refer to first. */
  async save(transaction: Transaction): Promise<void> {
    await recordChanges(transaction, this.joueurs.changes());
    await this.joueurs.save(transaction);
    await this.inventaires.save(transaction);
    await this.items.save(transaction);
    await this.sets.save(transaction);
    await this.competences.save(transaction);
    await this.quetes.save(transaction);
    await this.niveaux.save(transaction);
    // After the rows: a copy that another session is making is waited for there.
    await transaction.query("DELETE FROM joueurs_archive WHERE joueur_id = ANY($1::uuid[])", [
      [...this.joueurs].map(({ joueur_id }) => joueur_id),
    ]);
  }

  async #loadQuetes(transaction: Transaction, pairs: readonly (readonly [string, string])[]): Promise<void> {
    if (pairs.length === 0) return;
    const { rows } = await transaction.query<QueteRow>(
      `SELECT q.* FROM unnest($1::uuid[], $2::uuid[]) AS p (joueur_id, quete_id)
         CROSS JOIN LATERAL (SELECT ${QUETES.columns.join(", ")} FROM quetes_joueur
           WHERE joueur_id = p.joueur_id AND quete_id = p.quete_id ORDER BY acceptation DESC LIMIT 1) AS q`,
      [pairs.map(([joueurId]) => joueurId), pairs.map(([, queteId]) => queteId)],
    );
    for (const row of rows) {
      this.quetes.keep(row);
      this.#newest.set(`${row.joueur_id} ${row.quete_id}`, row.quete_joueur_id);
    }
  }
}
