import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { WorldEvent } from "../../domain/world/events.ts";
import { worldEvents } from "../../domain/world/events.ts";
import type { WorldState } from "../../domain/world/state.ts";
import { world } from "../../domain/world/world.ts";
import { worldProjector } from "../../projections/world.ts";
import { grandTour } from "../domain/tour/story.ts";
import { useDatabase } from "../support/postgres.ts";
import { worldLog } from "./world-log.ts";
import { allRows, clear, project, share, usePool } from "./world-support.ts";

// Only for machines under load.
vi.setConfig({ testTimeout: 120_000 });

const pool = usePool(useDatabase());
beforeEach(() => clear(pool(), worldProjector));

const sizes = fc.array(fc.constantFrom(1, 2, 3, 7, 20, 500), { minLength: 1, maxLength: 8 });
const byId = <One>(all: readonly One[], key: keyof One) =>
  Object.fromEntries(all.map((one) => [String(one[key]), one] as const));

type Json = Readonly<Record<string, unknown>>;

/** What the domain's own state says, against the row. */
function checkState(row: Json, state: WorldState, log: readonly StoredEvent[]): void {
  const last = log.at(-1);
  expect(row).toMatchObject({
    cycle_jour_nuit: state.heure,
    jour_saison: state.jour,
    saison: state.saison,
    annee: state.annee,
    facteurs_economiques: state.facteurs,
    last_event_sequence: last?.sequence,
    updated_at: last?.timestamp,
  });
  const resources = Object.values(state.ressources).map(({ regenerationMs: _, ressourceId, ...one }) => [
    ressourceId,
    one,
  ]);
  expect(row["ressources_mondiales"]).toEqual(Object.fromEntries(resources));
  const running = byId(row["evenements_actifs"] as Json[], "evenementId");
  expect(Object.keys(running).toSorted()).toEqual(Object.keys(state.evenements).toSorted());
  for (const { contributeurs: _c, contributions: _s, autres: _a, ...one } of Object.values(state.evenements))
    expect(running[one.evenementId]).toMatchObject(JSON.parse(JSON.stringify(one)) as object);
  expect(byId(row["boss_vaincus"] as Json[], "bossId")).toMatchObject(state.boss);
  const zones = byId(row["zones_decouvertes"] as Json[], "zoneId");
  const found = Object.values(state.zones).filter(({ premier }) => premier !== null);
  expect(Object.keys(zones)).toHaveLength(found.length);
  for (const { zoneId, nom, premier, nombreDecouvreurs } of found)
    expect(zones[zoneId]).toMatchObject({ nom, premier, nombreDecouvreurs });
}

/** The history and the rankings, straight from the events. */
function checkFacts(facts: readonly Json[], row: Json, log: readonly StoredEvent[]): void {
  const telling = (log as unknown as (WorldEvent & StoredEvent)[]).flatMap((event) => {
    const { sequence: event_sequence } = event;
    if (event.eventType === "BossVaincu") {
      const { bossId: reference_id, nom, zoneId: zone_id, combatId, vaincuA: survenu_a } = event.payload;
      const fact = { event_sequence, type_fait: "BOSS_VAINCU", reference_id, nom, zone_id, survenu_a };
      return [{ ...fact, details: expect.objectContaining({ combatId }) as unknown }];
    }
    if (event.eventType !== "EvenementTermine") return [];
    const { evenementId: reference_id, nom, zoneId: zone_id = null, resultat, participants, termineA } = event.payload;
    const fact = { event_sequence, type_fait: "EVENEMENT_TERMINE", reference_id, nom, zone_id, survenu_a: termineA };
    const few = { participants: participants.slice(0, 10), nombreParticipants: participants.length };
    return [{ ...fact, details: expect.objectContaining({ resultat, ...few }) as unknown }];
  });
  expect(facts).toEqual(telling);
  const newest = new Map<string, string>();
  for (const { eventType, payload } of log as unknown as WorldEvent[])
    if (eventType === "EvenementTermine") newest.set(payload.type, payload.evenementId);
  const ranked = Object.entries(row["classements"] as Record<string, Json>).map(([type, one]) => [
    type,
    one["evenementId"],
  ]);
  expect(new Map(ranked as [string, string][])).toEqual(newest);
}

async function check(log: readonly StoredEvent[], state: WorldState) {
  const rows = await allRows(pool(), worldProjector);
  const [row] = rows["etat_monde"] ?? [];
  expect(rows["etat_monde"]).toHaveLength(1);
  checkState(row ?? {}, state, log);
  checkFacts(rows["histoire_monde"] ?? [], row ?? {}, log);
  return rows;
}

describe("[PWORLD-8] [PWORLD-9] the row of the world and its history", () => {
  test("[PWORLD-8] [PWORLD-9] after the tour they say what the world's state and events say", async () => {
    const log = grandTour().log.filter(({ eventType }) => Object.hasOwn(worldEvents, eventType));
    const state = (log as unknown as WorldEvent[]).reduce(world.evolve, world.initial);
    for (const batches of [[1], [500]]) {
      await project(pool(), worldProjector, log, batches);
      const rows = await check(log, state);
      expect(rows["histoire_monde"]?.length).toBeGreaterThan(1);
    }
  });

  test("[PWORLD-8] [PWORLD-9] [PWORLD-2] so they do after random lives, in random batches, taken again from anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(worldLog, sizes, sizes, share, async ({ log, state }, a, b, part) => {
        await clear(pool(), worldProjector);
        const cut = Math.floor(part * log.length);
        await project(pool(), worldProjector, log.slice(0, cut), b);
        await project(pool(), worldProjector, log, a);
        const once = await check(log, state);
        await project(pool(), worldProjector, log.slice(0, cut), b);
        expect(await allRows(pool(), worldProjector)).toEqual(once);
        await project(pool(), worldProjector, log.slice(cut), b);
        await project(pool(), worldProjector, log, b);
        expect(await allRows(pool(), worldProjector)).toEqual(once);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});
