import type pg from "pg";
import type { PartType } from "../domain/player/state.ts";
import { emplacement } from "../domain/values.ts";
import {
  type CompetenceRow,
  type InventaireRow,
  type ItemRow,
  type QueteRow,
  type SetRow,
  slotColumn,
} from "./player-rows.ts";
import { searchable } from "./searchable.ts";

export type Reader = Pick<pg.Pool, "query">;

/** Where a page begins, after a row's key, and how many rows it has at most. */
export interface From<Key> {
  readonly after?: Key | undefined;
  readonly limit: number;
}

/**
 * How far a player's rows have been written from some of its streams: the sequence of the newest event, 0 if there is none.
 * Undefined: there is no such player. Asked before the rows are read, it is never newer than they are.
 */
export async function playerSequence(
  reader: Reader,
  joueurId: string,
  streams: readonly PartType[],
): Promise<number | undefined> {
  const { rows } = await reader.query<{ sequence: number }>(
    `SELECT coalesce((SELECT max(value::bigint) FROM jsonb_each_text(sequences) WHERE key = ANY($2::text[])), 0) AS sequence
       FROM joueurs WHERE joueur_id = $1`,
    [joueurId, streams],
  );
  return rows[0]?.sequence;
}

const NIL = "00000000-0000-0000-0000-000000000000";

/** What everybody may know of a player. */
export interface PublicPlayer {
  readonly joueurId: string;
  readonly pseudo: string;
  readonly classe: string;
  readonly niveau: number;
  readonly titre: string | null;
  readonly guildeNom: string | null;
}

export type SearchKey = readonly [name: string, joueurId: string];

/** Players whose pseudo begins with `search`, whatever its case and accents, in the order of code points. */
export async function searchPlayers(
  reader: Reader,
  search: string,
  { after, limit }: From<SearchKey>,
): Promise<readonly (PublicPlayer & { readonly key: SearchKey })[]> {
  const begin = searchable(search);
  const [name, id] = after ?? ["", NIL];
  // The last code point there is ends what begins with the search. A LIKE would not use the index in a generic plan.
  const { rows } = await reader.query<PublicPlayer & { name: string }>(
    `SELECT joueur_id AS "joueurId", pseudo, classe, niveau, titre, guilde_nom AS "guildeNom", pseudo_recherche AS name
       FROM joueurs
       WHERE pseudo_recherche >= $1 AND pseudo_recherche < $2 AND (pseudo_recherche, joueur_id) > ($3, $4::uuid)
       ORDER BY pseudo_recherche, joueur_id LIMIT $5`,
    [begin, `${begin}\u{10FFFF}`, name, id, limit],
  );
  return rows.map(({ name: last, ...one }) => ({ ...one, key: [last, one.joueurId] }));
}

/** What a player may know of itself, beside what is carried, worn and learnt. */
export interface PlayerProfile extends PublicPlayer {
  readonly username: string;
  readonly experience: number;
  readonly experienceProchainNiveau: number;
  readonly or: number;
  readonly statsBase: Readonly<Record<string, number>>;
  readonly statsEquipement: Readonly<Record<string, number>>;
  readonly statsTotales: Readonly<Record<string, number>>;
  readonly guildeId: string | null;
  readonly reputation: Readonly<Record<string, number>>;
  readonly statistiquesJeu: Readonly<Record<string, number>>;
  readonly derniereConnexion: string | null;
  readonly creeA: string;
  readonly sequence: number;
}

/** Several players, by joueurId; those that there are. */
export async function readProfiles(
  reader: Reader,
  joueurIds: readonly string[],
): Promise<ReadonlyMap<string, PlayerProfile>> {
  const { rows } = await reader.query<PlayerProfile>({
    name: "read_profiles",
    text: `SELECT joueur_id AS "joueurId", username, pseudo, classe, niveau, titre, guilde_nom AS "guildeNom", experience,
         experience_prochain_niveau AS "experienceProchainNiveau", "or", stats_base AS "statsBase",
         stats_equipement AS "statsEquipement", stats_totales AS "statsTotales", guilde_id AS "guildeId", reputation,
         statistiques_jeu AS "statistiquesJeu", derniere_connexion AS "derniereConnexion", cree_a AS "creeA",
         last_event_sequence AS sequence
       FROM joueurs WHERE joueur_id = ANY ($1::uuid[])`,
    values: [joueurIds],
  });
  return new Map(rows.map((row) => [row.joueurId, row]));
}

export async function readInventory(reader: Reader, joueurId: string) {
  const { rows } = await reader.query<InventaireRow>("SELECT * FROM inventaires WHERE joueur_id = $1", [joueurId]);
  return rows.map((row) => ({
    inventaireId: row.inventaire_id,
    capacite: row.capacite,
    poidsActuel: row.poids_actuel,
    poidsMax: row.poids_max,
    slotsUtilises: row.slots_utilises,
    extensions: row.extensions,
  }))[0];
}

/** By position. */
export async function readItems(reader: Reader, inventaireId: string, { after, limit }: From<number>) {
  const { rows } = await reader.query<ItemRow>(
    `SELECT * FROM items_inventaire WHERE inventaire_id = $1 AND position_slot > $2 ORDER BY position_slot LIMIT $3`,
    [inventaireId, after ?? -1, limit],
  );
  return rows.map((row) => ({
    slotId: row.slot_id,
    itemId: row.item_id,
    nom: row.proprietes_instance.nom,
    quantite: row.quantite,
    typeSlot: row.type_slot,
    position: row.position_slot,
    estEquipe: row.est_equipe,
    proprietes: row.proprietes_instance,
    obtenuA: row.obtenu_a,
  }));
}

/** What is worn in each of the 13 places, and what it comes to. */
export async function readEquipment(reader: Reader, joueurId: string) {
  const sets = await reader.query<SetRow>("SELECT * FROM sets_equipement WHERE joueur_id = $1", [joueurId]);
  const set = sets.rows[0];
  if (set === undefined) return undefined;
  const worn = await reader.query<ItemRow>(
    "SELECT * FROM items_inventaire WHERE joueur_id = $1 AND est_equipe = true",
    [joueurId],
  );
  const pieces = new Map(
    worn.rows.map(({ slot_id, item_id, proprietes_instance }) => [
      slot_id,
      { slotId: slot_id, itemId: item_id, nom: proprietes_instance.nom, proprietes: proprietes_instance },
    ]),
  );
  return {
    emplacements: Object.fromEntries(
      emplacement.options.map((place) => [place, pieces.get(set[slotColumn(place)] ?? "") ?? null]),
    ),
    bonusSet: set.bonus_set,
    valeurAttaque: set.valeur_attaque_totale,
    valeurDefense: set.valeur_defense_totale,
  };
}

/** By competenceId. `echeance`: the instant from which it can be used again, which may be past. */
export async function readSkills(reader: Reader, joueurId: string, { after, limit }: From<string>) {
  const { rows } = await reader.query<CompetenceRow>(
    `SELECT * FROM competences_joueur
       WHERE joueur_id = $1 AND competence_id > $2::uuid ORDER BY competence_id LIMIT $3`,
    [joueurId, after ?? NIL, limit],
  );
  return rows.map((row) => ({
    competenceId: row.competence_id,
    nom: row.definition.nom,
    niveau: row.niveau_competence,
    echeance: row.echeance,
    dernierUsage: row.dernier_usage,
    definition: row.definition,
  }));
}

export type QuestKey = readonly [accepteeA: string, queteJoueurId: string];

/** The newest first. */
export async function readQuests(
  reader: Reader,
  joueurId: string,
  etat: QueteRow["etat"] | undefined,
  { after, limit }: From<QuestKey>,
) {
  const { rows } = await reader.query<QueteRow>(
    `SELECT * FROM quetes_joueur
       WHERE joueur_id = $1 AND ($2::text IS NULL OR etat = $2)
         AND (acceptee_a, quete_joueur_id) < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
       ORDER BY acceptee_a DESC, quete_joueur_id DESC LIMIT $5`,
    [joueurId, etat ?? null, after?.[0] ?? null, after?.[1] ?? null, limit],
  );
  return rows.map((row) => ({
    queteJoueurId: row.quete_joueur_id,
    queteId: row.quete_id,
    nom: row.nom,
    etat: row.etat,
    objectifs: row.progres_objectifs,
    pourcentage: row.pourcentage_completion,
    accepteeA: row.acceptee_a,
    completeeA: row.completee_a,
    expireA: row.expire_a,
  }));
}

export interface LevelReached {
  readonly niveau: number;
  readonly experience: number;
  readonly atteintA: string;
}

/** The highest first. */
export async function readLevels(
  reader: Reader,
  joueurId: string,
  { after, limit }: From<number>,
): Promise<readonly LevelReached[]> {
  const { rows } = await reader.query<LevelReached>(
    `SELECT niveau_atteint AS niveau, experience_total AS experience, atteint_a AS "atteintA" FROM historique_niveau
       WHERE joueur_id = $1 AND niveau_atteint < coalesce($2::int, 2147483647) ORDER BY niveau_atteint DESC LIMIT $3`,
    [joueurId, after ?? null, limit],
  );
  return rows;
}
