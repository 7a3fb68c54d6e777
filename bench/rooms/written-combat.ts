import { randomUUID } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { combat } from "../../domain/combat/combat.ts";
import type { CombatEvent } from "../../domain/combat/events.ts";
import type { CombatState } from "../../domain/combat/state.ts";
import type { NewEvent } from "../../domain/envelope.ts";
import type { AcceptedCommand, EventStore } from "../../store/event-store.ts";
import { duel } from "./duel.ts";

const BATCH = 1_000;
/** The tail that a snapshot leaves to be read: at most one less than the events between two. */
export const TAIL = 49;

export interface WrittenCombat {
  readonly combatId: string;
  /** The first of them has the turn. */
  readonly players: readonly [string, string];
}

export interface WritingOptions {
  readonly snapshot?: boolean;
  /** The last command's events are all there, be they more than were asked for. */
  readonly whole?: boolean;
}

/** A duel fought by the rules, one blow after the other, until it has so many events; the rest is left undone. */
export async function writeCombat(
  store: EventStore,
  size: number,
  { snapshot = false, whole = false }: WritingOptions = {},
): Promise<WrittenCombat> {
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
    if (!result.ok) throw new Error("message" in result ? `${result.reason}: ${result.message}` : result.reason);
    written += batch.length;
    batch = [];
  };
  for (let now = Date.now(); state.version < size; now += 1) {
    const next = nextEvents(state, combatId, players, now);
    for (const event of whole ? next : next.slice(0, size - state.version)) {
      state = combat.evolve(state, event);
      batch.push(enveloped(event, now));
      if (snapshot && state.version === size - Math.min(TAIL, size - 1)) await saveSnapshot(store, combatId, state);
      if (batch.length === BATCH) await write();
    }
  }
  await write();
  const [a, b] = players;
  return { combatId, players: state.participantActifId === b ? [b, a] : players };
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
  const schemaVersion = combat.events[eventType]?.schemaVersion ?? 1;
  const ids = { commandId: id, correlationId: id, causationId: id, userId: id };
  const timestamp = new Date(now).toISOString();
  return { eventType, payload, eventId: uuidv7(), timestamp, metadata: { ...ids, tenantId: "default", schemaVersion } };
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
