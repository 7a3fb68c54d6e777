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
  // The last code point there is ends what begins with the search. A LIKE would not use the index in a generic plan. One lower bound
  // alone: given two, the index is read from the one that is a row, whichever is higher.
  const end = `${begin}\u{10FFFF}`;
  const [from, values] =
    // A cursor of another search is no place in this one.
    after === undefined || !after[0].startsWith(begin)
      ? ["pseudo_recherche >= $3", [begin]]
      : ["(pseudo_recherche, joueur_id) > ($3, $4::uuid)", [...after]];
  const { rows } = await reader.query<PublicPlayer & { name: string }>(
    `SELECT joueur_id AS "joueurId", pseudo, classe, niveau, titre, guilde_nom AS "guildeNom", pseudo_recherche AS name
       FROM joueurs WHERE ${from} AND pseudo_recherche < $1 ORDER BY pseudo_recherche, joueur_id LIMIT $2`,
    [end, limit, ...values],
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

/** Of each owner the rows that `text` selects for `o.id`, in their order, in one statement. */
async function ofEach<Row extends object, Item>(
  reader: Reader,
  owners: readonly string[],
  owner: keyof Row,
  text: string,
  values: readonly unknown[],
  itemOf: (row: Row) => Item,
): Promise<ReadonlyMap<string, readonly Item[]>> {
  const { rows } = await reader.query<Row>(
    `SELECT r.* FROM unnest($1::uuid[]) AS o (id) CROSS JOIN LATERAL (${text}) AS r`,
    [owners, ...values],
  );
  const found = Map.groupBy(rows, (row) => String(row[owner]));
  return new Map(owners.map((id) => [id, (found.get(id) ?? []).map(itemOf)]));
}

export type Inventory = NonNullable<Awaited<ReturnType<typeof readInventory>>>;

export async function readInventory(reader: Reader, joueurId: string) {
  return (await readInventories(reader, [joueurId])).get(joueurId);
}

/** Those of several players, by joueurId. */
export async function readInventories(reader: Reader, joueurIds: readonly string[]) {
  const { rows } = await reader.query<InventaireRow>("SELECT * FROM inventaires WHERE joueur_id = ANY ($1::uuid[])", [
    joueurIds,
  ]);
  return new Map(
    rows.map((row) => [
      row.joueur_id,
      {
        inventaireId: row.inventaire_id,
        capacite: row.capacite,
        poidsActuel: row.poids_actuel,
        poidsMax: row.poids_max,
        slotsUtilises: row.slots_utilises,
        extensions: row.extensions,
      },
    ]),
  );
}

export type CarriedItem = Awaited<ReturnType<typeof readItems>>[number];

/** By position. */
export async function readItems(reader: Reader, inventaireId: string, from: From<number>) {
  return (await readItemsOf(reader, [inventaireId], from)).get(inventaireId) ?? [];
}

/** The same page of several inventories, by inventaireId. */
export function readItemsOf(reader: Reader, inventaireIds: readonly string[], { after, limit }: From<number>) {
  return ofEach(
    reader,
    inventaireIds,
    "inventaire_id",
    "SELECT * FROM items_inventaire WHERE inventaire_id = o.id AND position_slot > $2 ORDER BY position_slot LIMIT $3",
    [after ?? -1, limit],
    (row: ItemRow) => ({
      slotId: row.slot_id,
      itemId: row.item_id,
      nom: row.proprietes_instance.nom,
      quantite: row.quantite,
      typeSlot: row.type_slot,
      position: row.position_slot,
      estEquipe: row.est_equipe,
      proprietes: row.proprietes_instance,
      obtenuA: row.obtenu_a,
    }),
  );
}

export type Equipment = NonNullable<Awaited<ReturnType<typeof readEquipment>>>;

/** What is worn in each of the 13 places, and what it comes to. */
export async function readEquipment(reader: Reader, joueurId: string) {
  return (await readEquipments(reader, [joueurId])).get(joueurId);
}

/** Those of several players, by joueurId. */
export async function readEquipments(reader: Reader, joueurIds: readonly string[]) {
  const sets = await reader.query<SetRow>("SELECT * FROM sets_equipement WHERE joueur_id = ANY ($1::uuid[])", [
    joueurIds,
  ]);
  const worn = await reader.query<ItemRow>(
    "SELECT * FROM items_inventaire WHERE joueur_id = ANY ($1::uuid[]) AND est_equipe = true",
    [joueurIds],
  );
  const pieces = new Map(
    worn.rows.map(({ slot_id, item_id, proprietes_instance }) => [
      slot_id,
      { slotId: slot_id, itemId: item_id, nom: proprietes_instance.nom, proprietes: proprietes_instance },
    ]),
  );
  return new Map(
    sets.rows.map((set) => [
      set.joueur_id,
      {
        emplacements: Object.fromEntries(
          emplacement.options.map((place) => [place, pieces.get(set[slotColumn(place)] ?? "") ?? null]),
        ),
        bonusSet: set.bonus_set,
        valeurAttaque: set.valeur_attaque_totale,
        valeurDefense: set.valeur_defense_totale,
      },
    ]),
  );
}

export type LearntSkill = Awaited<ReturnType<typeof readSkills>>[number];

/** By competenceId. `echeance`: the instant from which it can be used again, which may be past. */
export async function readSkills(reader: Reader, joueurId: string, from: From<string>) {
  return (await readSkillsOf(reader, [joueurId], from)).get(joueurId) ?? [];
}

/** The same page of several players' skills, by joueurId. */
export function readSkillsOf(reader: Reader, joueurIds: readonly string[], { after, limit }: From<string>) {
  return ofEach(
    reader,
    joueurIds,
    "joueur_id",
    "SELECT * FROM competences_joueur WHERE joueur_id = o.id AND competence_id > $2::uuid ORDER BY competence_id LIMIT $3",
    [after ?? NIL, limit],
    (row: CompetenceRow) => ({
      competenceId: row.competence_id,
      nom: row.definition.nom,
      niveau: row.niveau_competence,
      echeance: row.echeance,
      dernierUsage: row.dernier_usage,
      definition: row.definition,
    }),
  );
}

export type QuestKey = readonly [accepteeA: string, queteJoueurId: string];
export type AcceptedQuest = Awaited<ReturnType<typeof readQuests>>[number];

/** The newest first. */
export async function readQuests(
  reader: Reader,
  joueurId: string,
  etat: QueteRow["etat"] | undefined,
  from: From<QuestKey>,
) {
  return (await readQuestsOf(reader, [joueurId], etat, from)).get(joueurId) ?? [];
}

/** The same page of several players' quests, by joueurId. */
export function readQuestsOf(
  reader: Reader,
  joueurIds: readonly string[],
  etat: QueteRow["etat"] | undefined,
  { after, limit }: From<QuestKey>,
) {
  return ofEach(
    reader,
    joueurIds,
    "joueur_id",
    `SELECT * FROM quetes_joueur
       WHERE joueur_id = o.id AND ($2::text IS NULL OR etat = $2)
         AND (acceptee_a, quete_joueur_id) < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
       ORDER BY acceptee_a DESC, quete_joueur_id DESC LIMIT $5`,
    [etat ?? null, after?.[0] ?? null, after?.[1] ?? null, limit],
    (row: QueteRow) => ({
      queteJoueurId: row.quete_joueur_id,
      queteId: row.quete_id,
      nom: row.nom,
      etat: row.etat,
      objectifs: row.progres_objectifs,
      pourcentage: row.pourcentage_completion,
      accepteeA: row.acceptee_a,
      completeeA: row.completee_a,
      expireA: row.expire_a,
    }),
  );
}

export interface LevelReached {
  readonly niveau: number;
  readonly experience: number;
  readonly atteintA: string;
}

/** The highest first. */
export async function readLevels(reader: Reader, joueurId: string, from: From<number>) {
  return (await readLevelsOf(reader, [joueurId], from)).get(joueurId) ?? [];
}

/** The same page of several players' levels, by joueurId. */
export function readLevelsOf(reader: Reader, joueurIds: readonly string[], { after, limit }: From<number>) {
  return ofEach(
    reader,
    joueurIds,
    "joueurId",
    `SELECT joueur_id AS "joueurId", niveau_atteint AS niveau, experience_total AS experience, atteint_a AS "atteintA" FROM historique_niveau
       WHERE joueur_id = o.id AND niveau_atteint < coalesce($2::int, 2147483647) ORDER BY niveau_atteint DESC LIMIT $3`,
    [after ?? null, limit],
    ({ joueurId: _, ...level }: LevelReached & { readonly joueurId: string }): LevelReached => level,
  );
}
