import type pg from "pg";
import { accessOf, type Viewer, viewerValues } from "./combat-access.ts";
import type { ActionRow, EffectEntry, HistoryRow, InstanceRow, ParticipantRow, StatisticsRow } from "./combat-rows.ts";

type Database = Pick<pg.Pool, "query">;

/** A combat in a list: what everyone may know. */
export interface CombatSummary {
  readonly combatId: string;
  readonly etat: InstanceRow["etat"];
  readonly typeCombat: InstanceRow["type_combat"];
  readonly zone: { readonly zoneId: string; readonly nom: string | null };
  readonly tourActuel: number;
  readonly heureDebut: string;
  readonly heureFin: string | null;
}

export interface CombatParticipant {
  readonly participantId: string;
  readonly entiteId: string;
  readonly typeEntite: ParticipantRow["type_entite"];
  readonly equipe: string;
  readonly nom: string;
  readonly niveau: number;
  readonly initiative: number;
  readonly position: number;
  readonly etat: ParticipantRow["etat"];
  readonly hpActuel: number;
  readonly hpMax: number;
  readonly mpActuel: number;
  readonly mpMax: number;
  readonly staminaActuel: number;
  readonly staminaMax: number;
  readonly rejoint: boolean;
  readonly peutAgir: boolean;
  readonly effets: readonly EffectEntry[];
}

export interface CombatDetails extends CombatSummary {
  readonly version: number;
  /** Of the last event that it holds. */
  readonly sequence: number;
  readonly manche: number;
  readonly participantActifId: string | null;
  readonly echeance: string | null;
  readonly dureeTourMs: number;
  readonly ordreTour: readonly string[];
  readonly conditionsVictoire: object;
  /** What was promised; with `attribuees`, by participant, what was given. */
  readonly recompenses: object;
  readonly fin: {
    readonly resultat: string | null;
    readonly raison: string | null;
    readonly equipesVictorieuses: readonly string[];
  } | null;
  /** Highest initiative first. */
  readonly participants: readonly CombatParticipant[];
}

/** A place in a combat's history, or in the list of its acts. */
export interface HistoryPlace {
  readonly numeroTour: number;
  readonly sequence: number;
}

/** `next`: where the next page begins; missing on the last. */
export interface Page<Item, Place> {
  readonly items: readonly Item[];
  readonly next?: Place;
}

function pageOf<Row, Item, Place>(
  rows: readonly Row[],
  limit: number,
  itemOf: (row: Row) => Item,
  placeOf: (row: Row) => Place,
): Page<Item, Place> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit).map(itemOf), ...(last !== undefined && { next: placeOf(last) }) };
}

function summaryOf(row: InstanceRow): CombatSummary {
  return {
    combatId: row.combat_id,
    etat: row.etat,
    typeCombat: row.type_combat,
    zone: { zoneId: row.zone_id, nom: row.zone_nom },
    tourActuel: row.tour_actuel,
    heureDebut: row.heure_debut,
    heureFin: row.heure_fin,
  };
}

function participantOf(row: ParticipantRow): CombatParticipant {
  return {
    participantId: row.participant_id,
    entiteId: row.entite_id,
    typeEntite: row.type_entite,
    equipe: row.equipe,
    nom: row.nom,
    niveau: row.niveau,
    initiative: row.initiative,
    position: row.position,
    etat: row.etat,
    hpActuel: row.hp_actuel,
    hpMax: row.hp_max,
    mpActuel: row.mp_actuel,
    mpMax: row.mp_max,
    staminaActuel: row.stamina_actuel,
    staminaMax: row.stamina_max,
    rejoint: row.rejoint,
    peutAgir: row.peut_agir,
    effets: row.effets_actifs,
  };
}

/** A combat's row and its participants, live or archived: in one statement, so that it is in one of them while it is moved. */
const COMBATS = ["", "_archive"]
  .map(
    (where) => `SELECT i.*, (SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.initiative DESC, p.participant_id), '[]')
        FROM participants_combat${where} p WHERE p.combat_id = i.combat_id) AS participants
      FROM instances_combat${where} i WHERE i.combat_id = ANY ($1::uuid[])`,
  )
  .join(" UNION ALL ");

/** A combat and everyone in it, as they were at one moment. */
export async function readCombat(database: Database, combatId: string): Promise<CombatDetails | undefined> {
  return (await readCombats(database, [combatId])).get(combatId);
}

/** Several, by id; those that there are. */
export async function readCombats(
  database: Database,
  combatIds: readonly string[],
): Promise<ReadonlyMap<string, CombatDetails>> {
  const { rows } = await database.query<InstanceRow & { readonly participants: readonly ParticipantRow[] }>({
    name: "read_combats",
    text: COMBATS,
    values: [combatIds],
  });
  return new Map(rows.map((row) => [row.combat_id, detailsOf(row)]));
}

function detailsOf(row: InstanceRow & { readonly participants: readonly ParticipantRow[] }): CombatDetails {
  const { resultat, raison } = row;
  return {
    ...summaryOf(row),
    version: row.version,
    sequence: row.last_event_sequence,
    manche: row.manche,
    participantActifId: row.participant_actif_id,
    echeance: row.prochain_timeout,
    dureeTourMs: row.duree_tour_ms,
    ordreTour: row.ordre_tour,
    conditionsVictoire: row.conditions_victoire,
    recompenses: row.recompenses,
    fin: row.heure_fin === null ? null : { resultat, raison, equipesVictorieuses: row.equipes_victorieuses },
    participants: row.participants.map(participantOf),
  };
}

export interface CombatFilter {
  readonly etat: InstanceRow["etat"];
  readonly zone?: string | undefined;
  /** The last combatId of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
  readonly viewer: Viewer;
}

const FIRST_ID = "00000000-0000-0000-0000-000000000000";

/** Combats by id, which is no order that means anything but one that stands. Those in the archive, and those that are not for the viewer, are left out. */
export async function listCombats(
  database: Database,
  { etat, zone, after = FIRST_ID, limit, viewer }: CombatFilter,
): Promise<Page<CombatSummary, string>> {
  const inZone = zone === undefined ? "" : "AND zone_id = $7";
  const { rows } = await database.query<InstanceRow>({
    name: zone === undefined ? "list_combats" : "list_combats_of_zone",
    text: `SELECT combat_id, etat, type_combat, zone_id, zone_nom, tour_actuel, heure_debut, heure_fin FROM instances_combat i
           WHERE etat = $1 AND combat_id > $2 ${inZone} AND ${accessOf("", 4)} IS NOT NULL ORDER BY combat_id LIMIT $3`,
    values: [etat, after, limit + 1, ...viewerValues(viewer), ...(zone === undefined ? [] : [zone])],
  });
  return pageOf(rows, limit, summaryOf, (row) => row.combat_id);
}

const FIRST_PLACE: HistoryPlace = { numeroTour: -1, sequence: 0 };

// In the order of the log: a later event is of the same turn or of a later one. The turn comes first for the index's sake.
async function pagesAfter<
  Row extends { readonly combat_id: string; readonly numero_tour: number; readonly event_sequence: number },
  Item,
>(
  database: Database,
  table: "historique_combat" | "actions_combat",
  { combatIds, after = FIRST_PLACE, limit }: HistoriesQuery,
  itemOf: (row: Row) => Item,
): Promise<ReadonlyMap<string, Page<Item, HistoryPlace>>> {
  const { rows } = await database.query<Row>({
    name: `pages_of_${table}`,
    text: `SELECT h.* FROM unnest($1::uuid[]) AS c (id) CROSS JOIN LATERAL (
             SELECT * FROM (SELECT * FROM ${table} UNION ALL SELECT * FROM ${table}_archive) AS lines
             WHERE combat_id = c.id AND (numero_tour, event_sequence) > ($2, $3)
             ORDER BY numero_tour, event_sequence LIMIT $4) AS h`,
    values: [combatIds, after.numeroTour, after.sequence, limit + 1],
  });
  const byCombat = Map.groupBy(rows, (row) => row.combat_id);
  return new Map(
    combatIds.map((id) => [
      id,
      pageOf(byCombat.get(id) ?? [], limit, itemOf, (row) => ({
        numeroTour: row.numero_tour,
        sequence: row.event_sequence,
      })),
    ]),
  );
}

/** The same page of several combats' histories. */
export interface HistoriesQuery extends Omit<HistoryQuery, "combatId"> {
  readonly combatIds: readonly string[];
}

async function only<Item>(
  pages: Promise<ReadonlyMap<string, Page<Item, HistoryPlace>>>,
): Promise<Page<Item, HistoryPlace>> {
  for (const page of (await pages).values()) return page;
  return { items: [] };
}

export interface HistoryQuery {
  readonly combatId: string;
  readonly after?: HistoryPlace | undefined;
  readonly limit: number;
}

function shown({ observation: _, ...details }: { readonly observation?: unknown }): object {
  return details;
}

/** A combat's events, oldest first, without what would foretell its rolls, and without who is invited to watch. */
export function readHistory(database: Database, { combatId, ...page }: HistoryQuery) {
  return only(readHistories(database, { combatIds: [combatId], ...page }));
}

export function readHistories(database: Database, query: HistoriesQuery) {
  return pagesAfter(database, "historique_combat", query, (row: HistoryRow) => ({
    sequence: row.event_sequence,
    eventId: row.historique_id,
    eventType: row.event_type,
    numeroTour: row.numero_tour,
    typeEvenement: row.type_evenement,
    acteurId: row.acteur_id,
    severite: row.severite,
    timestamp: row.timestamp,
    details: shown(row.details),
  }));
}

/** What was done in a combat, oldest first. */
export function readActions(database: Database, { combatId, ...page }: HistoryQuery) {
  return only(readActionsOf(database, { combatIds: [combatId], ...page }));
}

export function readActionsOf(database: Database, query: HistoriesQuery) {
  return pagesAfter(database, "actions_combat", query, (row: ActionRow) => ({
    sequence: row.event_sequence,
    actionId: row.action_id,
    numeroTour: row.numero_tour,
    participantId: row.participant_id,
    typeAction: row.type_action,
    competenceId: row.competence_id,
    itemId: row.item_id,
    cibles: row.cibles,
    resultat: row.resultat,
    effetsAppliques: row.effets_appliques,
    tempsExecutionMs: row.temps_execution_ms,
    timestamp: row.timestamp,
    ...row.donnees_action,
  }));
}

/** A player's figures over all combats that have ended; zeros before the first. */
export async function readStatistics(database: Database, joueurId: string) {
  const figures = (await readStatisticsOf(database, [joueurId])).get(joueurId);
  return figures ?? statisticsOf(joueurId, undefined);
}

/** Those of several players, by joueurId. */
export async function readStatisticsOf(database: Database, joueurIds: readonly string[]) {
  const { rows } = await database.query<StatisticsRow>({
    name: "read_combat_statistics",
    text: "SELECT * FROM statistiques_joueur WHERE joueur_id = ANY ($1::uuid[])",
    values: [joueurIds],
  });
  const found = new Map(rows.map((row) => [row.joueur_id, row]));
  return new Map(joueurIds.map((id) => [id, statisticsOf(id, found.get(id))]));
}

function statisticsOf(joueurId: string, row: StatisticsRow | undefined) {
  return {
    joueurId,
    sequence: row?.last_event_sequence ?? 0,
    combats: row?.combats ?? 0,
    victoires: row?.victoires ?? 0,
    defaites: row?.defaites ?? 0,
    nuls: row?.nuls ?? 0,
    degatsInfliges: row?.degats_infliges ?? 0,
    degatsSubis: row?.degats_subis ?? 0,
    soinsProdigues: row?.soins_prodigues ?? 0,
    eliminations: row?.eliminations ?? 0,
    morts: row?.morts ?? 0,
  };
}
