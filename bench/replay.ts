import { randomUUID } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { combat } from "../domain/combat/combat.ts";
import { type CombatEvent, combatEvents } from "../domain/combat/events.ts";
import type { CombatState } from "../domain/combat/state.ts";
import type { NewEvent } from "../domain/envelope.ts";
import { loadAggregate } from "../rooms/load.ts";
import { createPool } from "../store/database.ts";
import type { AcceptedCommand, EventStore } from "../store/event-store.ts";
import { migrate } from "../store/migrate.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRegistry } from "../store/registry.ts";
import { median } from "./load.ts";
import { atMost, type Bench } from "./report.ts";
import { duel } from "./rooms/duel.ts";

const SIZES = [10, 100, 1_000, 100_000] as const;
const BATCH = 1_000;
/** The tail that a snapshot leaves to be read: at most one less than the events between two. */
const TAIL = 49;

/** Loading a combat into memory as an actor does: head, snapshot, events, fold. */
export const replay: Bench = {
  name: "replay",
  async run({ databaseUrl, long, progress }) {
    await migrate({ url: databaseUrl });
    const pool = { url: databaseUrl, statementTimeoutMs: 30_000 };
    const store = createPostgresStore(
      { writePool: createPool(pool), readPool: createPool(pool) },
      createRegistry(combatEvents),
    );
    try {
      const cases: Case[] = [];
      for (const size of SIZES) {
        for (const snapshot of [false, true]) {
          progress(`writing ${size} events${snapshot ? " and a snapshot" : ""}`);
          cases.push({ size, snapshot, combatId: await writeCombat(store, size, snapshot), taken: [] });
        }
      }
      progress("loading");
      // In turn, so that what disturbs the machine disturbs all alike; the long ones are few, and come after.
      const quick = cases.filter(({ size, snapshot }) => size < 10_000 || snapshot);
      const slow = cases.filter((one) => !quick.includes(one));
      for (let i = 0; i < (long ? 1_000 : 200); i += 1) for (const one of quick) await load(store, one);
      for (let i = 0; i < (long ? 10 : 3); i += 1) for (const one of slow) await load(store, one);

      const figures: Record<string, { readonly ms: number; readonly eventsPerSecond: number }> = {};
      for (const { size, snapshot, taken } of cases) {
        const ms = median(taken);
        figures[`${size}${snapshot ? " with snapshot" : ""}`] = { ms, eventsPerSecond: (size / ms) * 1_000 };
      }
      const rows = cases.map(({ size, snapshot, taken }) => {
        const ms = median(taken);
        return [size.toLocaleString("en-US"), snapshot ? "yes" : "no", ms, (size / ms) * 1_000];
      });
      const of = (name: string): number => figures[name]?.ms ?? Number.NaN;
      return {
        aims: [atMost("100,000 events with a snapshot / 100 without, time", of("100000 with snapshot") / of("100"), 1)],
        figures,
        tables: [{ title: "Loading a combat (median)", columns: ["events", "snapshot", "ms", "events/s"], rows }],
        notes: [`a snapshot is ${TAIL} events old, as old as one can be.`],
      };
    } finally {
      await store.close();
    }
  },
};

interface Case {
  readonly size: number;
  readonly snapshot: boolean;
  readonly combatId: string;
  /** ms of each load. */
  readonly taken: number[];
}

async function load(store: EventStore, { combatId, taken }: Case): Promise<void> {
  const telemetry = { refused: () => undefined, fault: (where: string, error: unknown) => console.error(where, error) };
  const start = performance.now();
  const loaded = await loadAggregate(combatId, combat, store, "bench", telemetry);
  taken.push(performance.now() - start);
  if (loaded === undefined) throw new Error("the combat is not there");
}

/** A duel fought by the rules, one blow after the other, until it has so many events; the rest is left undone. */
async function writeCombat(store: EventStore, size: number, snapshot: boolean): Promise<string> {
  const combatId = randomUUID();
  const players = [randomUUID(), randomUUID()] as const;
  let state: CombatState = combat.initial;
  let batch: NewEvent[] = [];
  let written = 0;
  const write = async (): Promise<void> => {
    const result = await store.append({
      actorId: combatId,
      streams: [{ aggregateId: combatId, aggregateType: "Combat", expectedVersion: written, events: batch }],
    });
    if (!result.ok) throw new Error(result.reason);
    written += batch.length;
    batch = [];
  };
  for (let now = Date.now(); state.version < size; now += 1) {
    const next = nextEvents(state, combatId, players, now);
    for (const event of next.slice(0, size - state.version)) {
      state = combat.evolve(state, event);
      batch.push(enveloped(event, now));
      if (snapshot && state.version === size - Math.min(TAIL, size - 1)) await saveSnapshot(store, combatId, state);
      if (batch.length === BATCH) await write();
    }
  }
  await write();
  return combatId;
}

function nextEvents(
  state: CombatState,
  combatId: string,
  players: readonly [string, string],
  now: number,
): readonly CombatEvent[] {
  if (state.etat === "INEXISTANT")
    return accepted(state, { type: "PreparerCombat", combatId, definition: duel(players) }, now);
  const [a, b] = players;
  const joueurId = state.participantActifId === a ? a : b;
  const cibles = [joueurId === a ? b : a];
  return accepted(state, { type: "ExecuterAction", typeAction: "ATTAQUE", cibles, joueurId }, now);
}

function accepted(
  state: CombatState,
  command: Parameters<typeof combat.decide>[1],
  now: number,
): readonly CombatEvent[] {
  const decision = combat.decide(state, command, { now });
  if (!decision.ok) throw new Error(decision.rejection.code);
  return decision.events;
}

function enveloped({ eventType, payload }: CombatEvent, now: number): NewEvent {
  const id = uuidv7();
  return {
    eventType,
    payload,
    eventId: uuidv7(),
    timestamp: new Date(now).toISOString(),
    metadata: { commandId: id, correlationId: id, causationId: id, userId: id, tenantId: "bench", schemaVersion: 1 },
  };
}

async function saveSnapshot(store: EventStore, combatId: string, state: CombatState): Promise<void> {
  await store.saveSnapshots([
    {
      aggregateId: combatId,
      aggregateType: "Combat",
      version: state.version,
      state,
      stateVersion: combat.snapshot.version,
      recentCommands: recentCommands(state.version),
    },
  ]);
}

/** As many as an actor keeps. */
function recentCommands(version: number): AcceptedCommand[] {
  return Array.from({ length: Math.min(256, version) }, (_, i) => {
    const at = version - Math.min(256, version) + i + 1;
    return { commandId: uuidv7(), version: at, ranges: [[0, at, at]] };
  });
}
