import type { StoredEvent } from "../domain/envelope.ts";
import { type WorldEvent, worldEvents } from "../domain/world/events.ts";
import { WORLD_ID } from "../domain/world/values.ts";
import { ERASURE, erase } from "./erasures.ts";
import type { Projector, Transaction } from "./projector.ts";
import { upsert } from "./upsert.ts";
import { evolveMonde, initialMonde, type Monde, RANKED } from "./world-state.ts";

interface MondeRow {
  readonly monde: Omit<Monde, "cycleA">;
  readonly cycleA: string;
  readonly sequence: number;
}

const READ = `
  SELECT jsonb_build_object('heure', cycle_jour_nuit, 'jour', jour_saison, 'saison', saison, 'annee', annee,
      'facteurs', facteurs_economiques, 'evenements', evenements_actifs, 'boss', boss_vaincus, 'zones', zones_decouvertes,
      'ressources', ressources_mondiales, 'classements', classements) AS monde,
    derniere_mise_a_jour_cycle AS "cycleA", last_event_sequence AS sequence
  FROM etat_monde WHERE monde_id = $1`;

/** The singleton `etat_monde`: lists within it change an entry at a time, so the row is read before it is written. */
async function projectState(events: readonly StoredEvent[], transaction: Transaction): Promise<void> {
  const { rows } = await transaction.query<MondeRow>(READ, [WORLD_ID]);
  const [row] = rows;
  const fresh = events.filter(({ sequence }) => sequence > (row?.sequence ?? 0));
  const [first] = fresh;
  const last = fresh.at(-1);
  if (first === undefined || last === undefined) return;
  const before = row === undefined ? initialMonde(first.timestamp) : { ...row.monde, cycleA: row.cycleA };
  const monde = fresh.reduce(evolveMonde, before);
  await upsert(transaction, "etat_monde", "monde_id", [
    {
      monde_id: WORLD_ID,
      cycle_jour_nuit: monde.heure,
      saison: monde.saison,
      jour_saison: monde.jour,
      annee: monde.annee,
      evenements_actifs: monde.evenements,
      boss_vaincus: monde.boss,
      zones_decouvertes: monde.zones,
      ressources_mondiales: monde.ressources,
      facteurs_economiques: monde.facteurs,
      classements: monde.classements,
      derniere_mise_a_jour_cycle: monde.cycleA,
      last_event_sequence: last.sequence,
      updated_at: last.timestamp,
    },
  ]);
}

/** What goes into the history: a boss' defeat, an event's end. Of its participants only the first are kept, and how many there were. */
function factOf(event: StoredEvent): object | undefined {
  const { eventType, payload } = event as unknown as WorldEvent;
  switch (eventType) {
    case "BossVaincu": {
      const { bossId, nom, zoneId, vaincuA, ...details } = payload;
      const fact = { type_fait: "BOSS_VAINCU", reference_id: bossId, nom, zone_id: zoneId, survenu_a: vaincuA };
      return { ...fact, details, event_sequence: event.sequence };
    }
    case "EvenementTermine": {
      const { evenementId, nom, zoneId, termineA, participants, ...own } = payload;
      const fact = { type_fait: "EVENEMENT_TERMINE", reference_id: evenementId, nom, survenu_a: termineA };
      const few = { participants: participants.slice(0, RANKED), nombreParticipants: participants.length };
      return { ...fact, zone_id: zoneId ?? null, details: { ...own, ...few }, event_sequence: event.sequence };
    }
    case "MondeCree":
    case "TempsEcoule":
    case "ZoneDecouverte":
    case "EvenementMondialDeclenche":
    case "EvenementProgresse":
    case "RessourceRecoltee":
    case "RessourceRegeneree":
      return undefined;
  }
}

async function projectHistory(events: readonly StoredEvent[], transaction: Transaction): Promise<void> {
  const facts = events.map(factOf).filter((one) => one !== undefined);
  if (facts.length === 0) return;
  await transaction.query(
    `INSERT INTO histoire_monde (event_sequence, type_fait, reference_id, nom, zone_id, details, survenu_a)
     SELECT event_sequence, type_fait, reference_id, nom, zone_id, details, survenu_a
     FROM jsonb_populate_recordset(NULL::histoire_monde, $1::jsonb)
     ON CONFLICT (event_sequence) DO NOTHING`,
    [JSON.stringify(facts)],
  );
}

const NAMELESS = [
  `UPDATE etat_monde SET
     boss_vaincus = coalesce((
       SELECT jsonb_agg(without_name(boss, '{vainqueurs}', 'joueurId', $1::uuid, 'pseudo', $2::text) ORDER BY n)
       FROM jsonb_array_elements(boss_vaincus) WITH ORDINALITY AS l (boss, n)), '[]'),
     zones_decouvertes = coalesce((
       SELECT jsonb_agg(CASE WHEN lower(zone->'premier'->>'joueurId') = $1::uuid::text
         THEN jsonb_set(zone, '{premier,pseudo}', to_jsonb($2::text)) ELSE zone END ORDER BY n)
       FROM jsonb_array_elements(zones_decouvertes) WITH ORDINALITY AS l (zone, n)), '[]')`,
  `UPDATE histoire_monde SET details = without_name(details, '{vainqueurs}', 'joueurId', $1::uuid, 'pseudo', $2::text)
   WHERE type_fait = 'BOSS_VAINCU' AND named_in(details) ? $1::uuid::text`,
];

/** The state of the world and its history. */
export const worldProjector: Projector = {
  name: "world",
  eventTypes: [...Object.keys(worldEvents), ERASURE],
  tables: ["etat_monde", "histoire_monde"],
  async apply(events, transaction) {
    const own = events.filter(({ eventType }) => eventType !== ERASURE);
    await projectState(own, transaction);
    await projectHistory(own, transaction);
    await erase(events, transaction, NAMELESS);
  },
};
