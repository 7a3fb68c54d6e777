import { afterEach, expect, test } from "vitest";
import type { CombatEvent } from "../../domain/combat/events.ts";
import { combatEvents } from "../../domain/combat/events.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { combatProjector } from "../../projections/combat.ts";
import { historyLine } from "../../projections/combat-history.ts";
import { projectorSink } from "../../projections/projector.ts";
import { createPool } from "../../store/database.ts";
import { openConsumerNode } from "../store/consumer-node.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";
import { batches, randomLog, tourLog } from "./combat-log.ts";
import { expectedTables } from "./combat-oracle.ts";
import { emptyTables, readTables, wordless } from "./combat-tables.ts";
import { take } from "./take.ts";

const database = useDatabase();
const release = useReleasers();
const pool = createPool({ url: database.url, poolSize: 2 });
release(() => pool.end());
afterEach(() => emptyTables(pool));

const tour = tourLog();

async function takeAll(log: readonly StoredEvent[], seed: number, most?: number): Promise<void> {
  for (const batch of batches(log, seed, most)) await take(pool, combatProjector, batch);
}

test("[PCOMBAT-2] in whatever batches, the story's combats leave the rows that they leave event by event", async () => {
  expect(new Set(tour.map((event) => event.eventType))).toEqual(new Set(Object.keys(combatEvents)));
  const expected = expectedTables(tour);
  await take(pool, combatProjector, tour);
  expect(wordless(await readTables(pool))).toEqual(expected);
  for (const most of [1, 7, 60]) {
    await emptyTables(pool);
    await takeAll(tour, most, most);
    expect(wordless(await readTables(pool))).toEqual(expected);
  }
});

test("[PCOMBAT-2] … and so do random combats at every moment of their course", async () => {
  let running = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const log = randomLog(seed);
    const parts = batches(log, seed);
    const middle = Math.floor(parts.length / 2);
    const half = parts.slice(0, middle);
    for (const batch of half) await take(pool, combatProjector, batch);
    const seen = wordless(await readTables(pool));
    running += seen["effets_statut"]?.length ?? 0;
    expect(seen).toEqual(expectedTables(half.flat()));
    for (const batch of parts.slice(middle)) await take(pool, combatProjector, batch);
    expect(wordless(await readTables(pool))).toEqual(expectedTables(log));
    await emptyTables(pool);
  }
  // Effects under way are what is hardest to keep.
  expect(running).toBeGreaterThan(30);
});

test("[PCOMBAT-2] events taken again, in parts or from the first on, change nothing", async () => {
  const log = randomLog(99);
  for (const batch of batches(log, 5)) {
    await take(pool, combatProjector, batch);
    await take(pool, combatProjector, batch);
  }
  const once = await readTables(pool);
  expect(wordless(once)).toEqual(expectedTables(log));
  await takeAll(log, 6);
  await take(pool, combatProjector, log);
  expect(await readTables(pool)).toEqual(once);
});

test("[PCOMBAT-3] a participant whom several combats name has one row, the last one's, in whatever batches", async () => {
  for (const seed of [1, 2, 3]) {
    const log = randomLog(seed, { combats: 3, shared: true });
    await takeAll(log, seed, 1);
    const oneByOne = await readTables(pool);
    const names = new Map<string, string>();
    for (const event of log as readonly (StoredEvent & CombatEvent)[])
      if (event.eventType === "CombatPrepare" || event.eventType === "CombatDemarre")
        for (const one of event.payload.participants) names.set(one.participantId, event.aggregateId);
    const owners = oneByOne["participants_combat"]?.map((row) => [row["participant_id"], row["combat_id"]]);
    expect(new Map(owners as [string, string][])).toEqual(names);
    for (const most of [20, 1_000]) {
      await emptyTables(pool);
      await takeAll(log, seed, most);
      expect(await readTables(pool)).toEqual(oneByOne);
    }
    await emptyTables(pool);
  }
});

const quiet = (rows: unknown) => JSON.parse(JSON.stringify(rows).toLowerCase()) as unknown;

test("[PCOMBAT-3] an id in capitals is the same id", async () => {
  const log = randomLog(4, { combats: 2 });
  const expected = expectedTables(log);
  // As the log keeps them: the ids of aggregates are columns, those in payloads are text.
  const loud = log.map((event) => ({
    ...event,
    payload: JSON.parse(
      JSON.stringify(event.payload).replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) =>
        id.toUpperCase(),
      ),
    ) as unknown,
  }));
  await takeAll(loud, 1, 9);
  const tables = await readTables(pool);
  for (const table of ["instances_combat", "participants_combat", "effets_statut", "statistiques_joueur"])
    expect(quiet(tables[table])).toEqual(quiet(expected[table]));
});

function of(type: string): StoredEvent {
  const found = tour.find((event) => event.eventType === type);
  if (found === undefined) throw new Error(`no ${type}`);
  return found;
}

/** The rows of one combat after each of its events. */
async function course(combatId: string, look: (event: StoredEvent & CombatEvent) => Promise<void>): Promise<void> {
  for (const event of tour.filter((one) => one.aggregateId === combatId)) {
    await take(pool, combatProjector, [event]);
    await look(event as StoredEvent & CombatEvent);
  }
}

test("[PCOMBAT-4] a combat's row follows it through its states, with the deadline that it waits for", async () => {
  const states = new Set<string>();
  for (const combatId of new Set(tour.map((event) => event.aggregateId)))
    await course(combatId, async (event) => {
      const { rows } = await pool.query("SELECT * FROM instances_combat WHERE combat_id = $1", [combatId]);
      const [row] = rows;
      states.add(row.etat);
      expect(row.last_event_sequence).toBe(event.sequence);
      switch (event.eventType) {
        case "CombatPrepare":
          expect(row).toMatchObject({ etat: "PREPARATION", heure_debut: event.timestamp, heure_fin: null });
          expect(row.prochain_timeout).toBe(event.payload.echeance);
          return;
        case "CombatDemarre":
          expect(row).toMatchObject({ etat: "EN_COURS", heure_debut: event.timestamp, prochain_timeout: null });
          return;
        case "TourDebute":
          expect(row).toMatchObject({
            participant_actif_id: event.payload.participantId,
            tour_actuel: event.payload.numeroTour,
          });
          expect(row.prochain_timeout).toBe(event.payload.echeance);
          return;
        case "CombatTermine":
          expect(row).toMatchObject({ etat: "TERMINE", heure_fin: event.timestamp, prochain_timeout: null });
          expect(row.recompenses.attribuees).toEqual(event.payload.recompenses);
          return;
        case "CombatAbandonne":
          expect(row).toMatchObject({ etat: "ABANDONNE", heure_fin: event.timestamp, participant_actif_id: null });
          return;
        default:
          return;
      }
    });
  expect([...states].sort()).toEqual(["ABANDONNE", "EN_COURS", "PREPARATION", "TERMINE"]);
});

test("[PCOMBAT-5] nobody can act who is stunned, out of the fight, or in a combat that is over", async () => {
  const seen = new Set<string>();
  for (const seed of [1, 2, 3, 4]) {
    for (const batch of batches(randomLog(seed), seed)) {
      await take(pool, combatProjector, batch);
      const { rows } = await pool.query(
        `SELECT p.etat, p.peut_agir, i.etat IN ('TERMINE', 'ABANDONNE') AS over,
           EXISTS (SELECT FROM effets_statut e WHERE e.participant_id = p.participant_id AND e.type_effet = 'STUN') AS stunned
         FROM participants_combat p JOIN instances_combat i USING (combat_id)`,
      );
      for (const row of rows) {
        seen.add(`${row.over ? "over" : row.stunned ? "stunned" : row.etat}`);
        expect(row.peut_agir).toBe(!row.over && !row.stunned && row.etat === "ACTIF");
      }
    }
    await emptyTables(pool);
  }
  expect([...seen]).toEqual(expect.arrayContaining(["over", "stunned", "ACTIF", "KO", "MORT"]));
});

test("[PCOMBAT-6] an effect counts down as its bearer's turns begin, and is gone when it expires or the combat ends", async () => {
  const applied = of("EffetStatutApplique") as StoredEvent & Extract<CombatEvent, { eventType: "EffetStatutApplique" }>;
  const { effetId, participantId, dureeTours } = applied.payload;
  let left: number | undefined;
  await course(applied.aggregateId, async (event) => {
    if (event.eventType === "EffetStatutApplique" && event.payload.effetId === effetId) left = event.payload.dureeTours;
    if (event.eventType === "TourDebute" && event.payload.participantId === participantId && left !== undefined)
      left = Math.max(0, left - 1);
    if (event.eventType === "EffetStatutExpire" && event.payload.effetId === effetId) left = undefined;
    if (event.eventType === "CombatTermine") left = undefined;
    const { rows } = await pool.query("SELECT duree_tours_restants AS n FROM effets_statut WHERE effet_id = $1", [
      effetId,
    ]);
    expect(rows.map(({ n }) => n)).toEqual(left === undefined ? [] : [left]);
  });
  expect(dureeTours).toBeGreaterThan(0);
  expect((await pool.query("SELECT FROM effets_statut")).rowCount).toBe(0);
});

test("[PCOMBAT-6] a shield has what is left of it", async () => {
  const dented = Array.from({ length: 12 }, (_, n) => randomLog(n + 1, { combats: 3 })).flatMap((log) =>
    log.flatMap((event, at) => {
      if (event.eventType !== "DegatsInfliges") return [];
      const { boucliers = [] } = event.payload as Extract<CombatEvent, { eventType: "DegatsInfliges" }>["payload"];
      return boucliers.filter(({ reste }) => reste > 0).map((shield) => ({ ...shield, log: log.slice(0, at + 1) }));
    }),
  );
  const [first] = dented;
  if (first === undefined) throw new Error("no shield took a part of itself");
  await takeAll(first.log, 1);
  const { rows } = await pool.query(
    `SELECT puissance, modificateurs, effets_actifs FROM effets_statut e JOIN participants_combat p USING (participant_id)
     WHERE effet_id = $1`,
    [first.effetId],
  );
  expect(rows).toMatchObject([{ puissance: first.reste, modificateurs: { absorption: first.reste } }]);
  expect(rows[0].effets_actifs).toContainEqual(
    expect.objectContaining({ effetId: first.effetId, puissance: first.reste }),
  );
  expect(wordless(await readTables(pool))).toEqual(expectedTables(first.log));
});

test("[PCOMBAT-7] an act has its row, with what it took and how long its turn had lasted", async () => {
  await take(pool, combatProjector, tour);
  const acts = tour.filter((event) => event.eventType === "ActionExecutee");
  const { rows } = await pool.query("SELECT * FROM actions_combat ORDER BY event_sequence");
  expect(rows.map((row) => row.event_sequence)).toEqual(acts.map((event) => event.sequence));
  const automatic = rows.find((row) => row.donnees_action.automatique === true);
  expect(automatic.temps_execution_ms).toBeGreaterThanOrEqual(10_000);
});

test("[PCOMBAT-8] every event is a line of the history, under its own id", async () => {
  await take(pool, combatProjector, tour);
  const { rows } = await pool.query("SELECT historique_id FROM historique_combat ORDER BY event_sequence");
  expect(rows.map((row) => row.historique_id)).toEqual(tour.map((event) => event.eventId));
});

test("[PCOMBAT-9] a fall and a combat's end are critical; a start, a way out and a critical blow important", () => {
  const line = (type: string, over: object = {}) => {
    const event = of(type);
    return historyLine({ ...event, payload: { ...(event.payload as object), ...over } } as unknown as CombatEvent);
  };
  const words = (type: string, over?: object) => {
    const { type_evenement, severite } = line(type, over);
    return `${type_evenement} ${severite}`;
  };
  const blow = { source: { participantId: of("CombatPrepare").aggregateId }, critique: false };
  expect(words("CombatPrepare")).toBe("ETAT INFO");
  expect(words("CombatDemarre")).toBe("ETAT IMPORTANT");
  expect(words("CombatTermine")).toBe("ETAT CRITIQUE");
  expect(words("CombatAbandonne")).toBe("ETAT CRITIQUE");
  expect(words("DegatsInfliges", { ...blow, etatApres: "ACTIF" })).toBe("ACTION INFO");
  expect(words("DegatsInfliges", { ...blow, critique: true, etatApres: "ACTIF" })).toBe("ACTION IMPORTANT");
  expect(words("DegatsInfliges", { ...blow, etatApres: "KO" })).toBe("ACTION CRITIQUE");
  expect(words("DegatsInfliges", { source: { ...blow.source, effetId: "x" }, etatApres: "ACTIF" })).toBe("EFFET INFO");
  expect(words("ActionExecutee", { typeAction: "FUITE", resultat: "SUCCES" })).toMatch("IMPORTANT");
  expect(words("ActionExecutee", { automatique: true, resultat: "SUCCES", typeAction: "DEFENSE" })).toBe(
    "TIMEOUT INFO",
  );
  expect(words("ParticipantRetire", { raison: "CONCESSION" })).toBe("ETAT IMPORTANT");
  expect(words("ParticipantRetire", { raison: "INACTIVITE" })).toBe("TIMEOUT IMPORTANT");
  expect(words("TourDebute", { passe: "STUN" })).toBe("EFFET INFO");
});

test("[PCOMBAT-10] the seed is in no row", async () => {
  const secret = "nobody is to know this seed";
  const told = tour.map((event) =>
    "graine" in (event.payload as object)
      ? { ...event, payload: { ...(event.payload as object), graine: secret } }
      : event,
  );
  expect(JSON.stringify(told)).toContain(secret);
  await take(pool, combatProjector, told);
  expect(JSON.stringify(await readTables(pool))).not.toContain(secret);
});

test("[PCOMBAT-11] combats that have ended are counted once for each of their players; abandoned ones are not", async () => {
  await take(pool, combatProjector, tour);
  const played = new Map<string, number>();
  for (const event of tour as readonly (StoredEvent & CombatEvent)[]) {
    if (event.eventType !== "CombatTermine") continue;
    const { vainqueurs, vaincus, resultat } = event.payload;
    expect(resultat).toBe("VICTOIRE");
    for (const one of [...vainqueurs, ...vaincus])
      if (one.typeEntite === "JOUEUR") played.set(one.entiteId, (played.get(one.entiteId) ?? 0) + 1);
  }
  const { rows } = await pool.query("SELECT joueur_id, combats FROM statistiques_joueur");
  expect(new Map(rows.map((row) => [row.joueur_id, row.combats]))).toEqual(played);
  expect(played.size).toBeGreaterThan(0);
});

test("[PCOMBAT-12] an event whose combat's beginning was never seen is refused, and changes nothing", async () => {
  const { aggregateId } = of("CombatTermine");
  const headless = tour.filter((event) => event.aggregateId === aggregateId).slice(2);
  await expect(take(pool, combatProjector, headless)).rejects.toMatchObject({ code: "COMBAT_UNKNOWN" });
  expect(Object.values(await readTables(pool)).flat()).toEqual([]);
});

test("[PCOMBAT-2] through the log and a consumer, the same", async () => {
  const node = openConsumerNode({ url: database.url }, { events: combatEvents });
  release(() => node.close());
  const random = randomLog(21, { combats: 4 });
  const shift = Date.now() - Date.parse(random[0]?.timestamp ?? "");
  const log = random.map((event) => ({
    ...event,
    timestamp: new Date(Date.parse(event.timestamp) + shift).toISOString(),
  }));
  for (const id of new Set(log.map((event) => event.aggregateId))) {
    const events = log.filter((event) => event.aggregateId === id);
    const stream = { aggregateId: id, aggregateType: "Combat" as const, expectedVersion: 0, events };
    expect(await node.store.append({ actorId: id, streams: [stream] })).toMatchObject({ ok: true });
  }
  const { name, eventTypes } = combatProjector;
  const consumer = node.consume({ name, sink: projectorSink(combatProjector), filter: { eventTypes }, batchSize: 50 });
  await expect.poll(async () => (await consumer.status()).lagEvents).toBe(0);
  const mark = await node.store.highWaterMark();
  expect(wordless(await readTables(pool))).toEqual(
    expectedTables(await node.store.readAll(0, mark, { limit: 10_000 })),
  );
});
