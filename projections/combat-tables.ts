import { bigintArray, intArray, jsonbArray, textArray, timestampArray, uuidArray } from "../store/binary-arrays.ts";
import { type CombatRows, noRows } from "./combat-batch.ts";
import type { EffectRow, InstanceRow, ParticipantRow, ParticipantState } from "./combat-rows.ts";
import type { Transaction } from "./projector.ts";

type Columns<Row> = Readonly<Record<keyof Row & string, string>>;

const INSTANCE: Columns<InstanceRow> = {
  combat_id: "uuid",
  etat: "text",
  type_combat: "text",
  zone_id: "uuid",
  zone_nom: "text",
  tour_actuel: "integer",
  ordre_tour: "jsonb",
  participant_actif_id: "uuid",
  heure_debut: "timestamptz",
  heure_fin: "timestamptz",
  duree_tour_ms: "integer",
  prochain_timeout: "timestamptz",
  conditions_victoire: "jsonb",
  recompenses: "jsonb",
  version: "integer",
  manche: "integer",
  tour_debut: "timestamptz",
  resultat: "text",
  raison: "text",
  equipes_victorieuses: "jsonb",
  last_event_sequence: "bigint",
  updated_at: "timestamptz",
};

const PARTICIPANT_STATE: Columns<ParticipantState> = {
  participant_id: "uuid",
  combat_id: "uuid",
  entite_id: "uuid",
  type_entite: "text",
  position: "integer",
  etat: "text",
  hp_actuel: "integer",
  mp_actuel: "integer",
  stamina_actuel: "integer",
  effets_actifs: "jsonb",
  competences_disponibles: "jsonb",
  peut_agir: "boolean",
  rejoint: "boolean",
  en_defense: "boolean",
  last_event_sequence: "bigint",
  updated_at: "timestamptz",
};

const PARTICIPANT: Columns<ParticipantRow> = {
  ...PARTICIPANT_STATE,
  equipe: "text",
  nom: "text",
  niveau: "integer",
  initiative: "integer",
  hp_max: "integer",
  mp_max: "integer",
  stamina_max: "integer",
  stats_combat: "jsonb",
  resistances: "jsonb",
  equipement: "jsonb",
};

const EFFECT: Columns<EffectRow> = {
  effet_id: "uuid",
  participant_id: "uuid",
  combat_id: "uuid",
  type_effet: "text",
  source_type: "text",
  source_id: "uuid",
  puissance: "integer",
  duree_tours_restants: "integer",
  stacks: "integer",
  modificateurs: "jsonb",
  est_debuff: "boolean",
  peut_etre_dissipe: "boolean",
  applique_a: "timestamptz",
  event_sequence: "bigint",
};

const ACTION: Columns<CombatRows["actions"][number]> = {
  action_id: "uuid",
  combat_id: "uuid",
  numero_tour: "integer",
  participant_id: "uuid",
  type_action: "text",
  competence_id: "uuid",
  item_id: "uuid",
  cibles: "jsonb",
  donnees_action: "jsonb",
  resultat: "text",
  effets_appliques: "jsonb",
  temps_execution_ms: "integer",
  timestamp: "timestamptz",
  event_sequence: "bigint",
};

const STATISTICS: Columns<CombatRows["statistics"][number]> = {
  joueur_id: "uuid",
  combats: "integer",
  victoires: "integer",
  defaites: "integer",
  nuls: "integer",
  degats_infliges: "bigint",
  degats_subis: "bigint",
  soins_prodigues: "bigint",
  eliminations: "integer",
  morts: "integer",
  last_event_sequence: "bigint",
  updated_at: "timestamptz",
};

function quoted(columns: object): string[] {
  return Object.keys(columns).map((name) => `"${name}"`);
}

/** All rows in one JSON parameter, as a table. */
function given(columns: Readonly<Record<string, string>>): string {
  const types = Object.entries(columns).map(([name, type]) => `"${name}" ${type}`);
  return `json_to_recordset($1::json) AS r (${types.join(", ")})`;
}

function insert(table: string, columns: Readonly<Record<string, string>>): string {
  const names = quoted(columns);
  return `INSERT INTO ${table} (${names.join(", ")}) SELECT ${names.map((name) => `r.${name}`).join(", ")} FROM ${given(columns)}`;
}

function upsert(
  table: string,
  columns: Readonly<Record<string, string>>,
  sequence: "last_event_sequence" | "event_sequence",
): string {
  const [key, ...others] = quoted(columns);
  const changes = others.map((name) => `${name} = excluded.${name}`).join(", ");
  return `${insert(table, columns)} ON CONFLICT (${key}) DO UPDATE SET ${changes}
    WHERE ${table}.${sequence} < excluded.${sequence}`;
}

const WRITE = {
  instances: upsert("instances_combat", INSTANCE, "last_event_sequence"),
  entered: upsert("participants_combat", PARTICIPANT, "last_event_sequence"),
  effects: upsert("effets_statut", EFFECT, "event_sequence"),
  // What was taken already is known by its combat's row: an id that is there would be a fault.
  actions: insert("actions_combat", ACTION),
  // A line an event, the most of what is written: as arrays, whose documents are not parsed twice.
  history: `INSERT INTO historique_combat (historique_id, combat_id, numero_tour, type_evenement, acteur_id, details, severite,
      "timestamp", event_sequence, event_type)
    SELECT id, combat, tour, type, nullif(acteur, '')::uuid, details, severite, at, sequence, event_type
    FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::timestamptz[], $9::bigint[],
      $10::text[]) AS r (id, combat, tour, type, acteur, details, severite, at, sequence, event_type)`,
  // Sums, for the same reason.
  statistics: `INSERT INTO statistiques_joueur AS s (${quoted(STATISTICS).join(", ")})
    SELECT joueur_id, sum(combats), sum(victoires), sum(defaites), sum(nuls), sum(degats_infliges), sum(degats_subis),
      sum(soins_prodigues), sum(eliminations), sum(morts), max(last_event_sequence), max(updated_at)
    FROM ${given(STATISTICS)} GROUP BY joueur_id ORDER BY joueur_id
    ON CONFLICT (joueur_id) DO UPDATE SET ${[
      ...quoted(STATISTICS)
        .slice(1, -2)
        .map((name) => `${name} = s.${name} + excluded.${name}`),
      ...quoted(STATISTICS)
        .slice(-2)
        .map((name) => `${name} = greatest(s.${name}, excluded.${name})`),
    ].join(", ")}`,
} as const;

/** Most of a participant's row stays as it was when it entered. */
const UPDATE_PARTICIPANTS = `UPDATE participants_combat p SET ${quoted(PARTICIPANT_STATE)
  .slice(4)
  .map((name) => `${name} = r.${name}`)
  .join(", ")} FROM ${given(PARTICIPANT_STATE)}
  WHERE p.participant_id = r.participant_id AND p.last_event_sequence < r.last_event_sequence`;

// Unnamed, where a table is searched: a plan that was made while it was small would read the whole of it for ever after.

async function select<Row>(
  transaction: Transaction,
  table: string,
  columns: Columns<Row>,
  ids: Buffer,
): Promise<readonly Row[]> {
  const text = `SELECT ${quoted(columns).join(", ")} FROM ${table} WHERE combat_id = ANY ($1)`;
  const { rows } = await transaction.query({ text, values: [ids] });
  return rows as readonly Row[];
}

/** The rows of these combats. */
export async function loadCombats(transaction: Transaction, combatIds: readonly string[]): Promise<CombatRows> {
  const rows = noRows();
  const instances = await select(transaction, "instances_combat", INSTANCE, uuidArray(combatIds));
  for (const one of instances) rows.instances.set(one.combat_id, one);
  await loadArchived(transaction, rows, combatIds);
  // Catching up, most of a batch's combats begin in it.
  if (instances.length === 0) return rows;
  const known = uuidArray(instances.map((one) => one.combat_id));
  for (const one of await select(transaction, "participants_combat", PARTICIPANT_STATE, known))
    rows.participants.set(one.participant_id, one);
  for (const one of await select(transaction, "effets_statut", EFFECT, known)) {
    const worn = rows.effects.get(one.participant_id) ?? new Map<string, EffectRow>();
    rows.effects.set(one.participant_id, worn.set(one.effet_id, one));
  }
  return rows;
}

// After the live rows: what is moved in between is found.
async function loadArchived(transaction: Transaction, rows: CombatRows, combatIds: readonly string[]): Promise<void> {
  const others = combatIds.filter((id) => !rows.instances.has(id));
  if (others.length === 0) return;
  const { rows: archived } = await transaction.query<{ id: string; sequence: number }>({
    text: "SELECT combat_id AS id, last_event_sequence AS sequence FROM instances_combat_archive WHERE combat_id = ANY ($1)",
    values: [uuidArray(others)],
  });
  for (const { id, sequence } of archived) rows.archived.set(id, sequence);
}

/** Writes what has changed, those rows first that others refer to. */
export async function saveCombats(transaction: Transaction, rows: CombatRows): Promise<void> {
  const { changed, history } = rows;
  const moved = [...changed.participants].flatMap((id) =>
    changed.entered.has(id) ? [] : (rows.participants.get(id) ?? []),
  );
  const write = async (name: Exclude<keyof typeof WRITE, "history">, list: readonly object[]) => {
    if (list.length === 0) return;
    await transaction.query({ name: `combat_${name}`, text: WRITE[name], values: [JSON.stringify(list)] });
  };
  await write("instances", [...changed.instances]);
  await write("entered", [...changed.entered.values()]);
  if (moved.length > 0) await transaction.query({ text: UPDATE_PARTICIPANTS, values: [JSON.stringify(moved)] });
  if (changed.effectsGone.size > 0)
    await transaction.query({
      text: "DELETE FROM effets_statut WHERE effet_id = ANY ($1)",
      values: [uuidArray([...changed.effectsGone])],
    });
  await write("effects", [...changed.effects]);
  await write("actions", rows.actions);
  if (history.length > 0)
    await transaction.query({
      name: "combat_history",
      text: WRITE.history,
      values: [
        uuidArray(history.map((line) => line.historique_id)),
        uuidArray(history.map((line) => line.combat_id)),
        intArray(history.map((line) => line.numero_tour)),
        textArray(history.map((line) => line.type_evenement)),
        textArray(history.map((line) => line.acteur_id ?? "")),
        jsonbArray(history.map((line) => JSON.stringify(line.details))),
        textArray(history.map((line) => line.severite)),
        timestampArray(history.map((line) => line.timestamp)),
        bigintArray(history.map((line) => line.event_sequence)),
        textArray(history.map((line) => line.event_type)),
      ],
    });
  await write("statistics", rows.statistics);
}
