import fc from "fast-check";
import { combat } from "../../domain/combat/combat.ts";
import type { CombatCommand } from "../../domain/combat/commands.ts";
import { type CombatEvent, combatEvents } from "../../domain/combat/events.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { commandOf, type Gesture, gesture, preparation } from "../domain/combat/arbitrary.ts";
import { grandTour } from "../domain/tour/story.ts";

const START = Date.parse("2026-03-02T09:00:00.000Z");

function numbered(kind: string, n: number): string {
  return `${kind}-0000-4000-8000-${String(n).padStart(12, "0")}`;
}

export interface Happening {
  readonly combatId: string;
  readonly event: CombatEvent;
  /** ms since the log's start. */
  readonly at: number;
}

/** Happenings as the log has them. Sequences have gaps, as those of a log with other aggregates in it. */
export function asLog(happenings: readonly Happening[]): StoredEvent[] {
  const versions = new Map<string, number>();
  return happenings.map(({ combatId, event, at }, n) => {
    const version = (versions.get(combatId) ?? 0) + 1;
    versions.set(combatId, version);
    const eventId = numbered("e0000000", n + 1);
    return {
      eventId,
      eventType: event.eventType,
      payload: JSON.parse(JSON.stringify(event.payload)) as unknown,
      aggregateId: combatId,
      aggregateType: "Combat",
      version,
      sequence: 3 * (n + 1),
      timestamp: new Date(START + at).toISOString(),
      metadata: {
        correlationId: eventId,
        tenantId: "test",
        schemaVersion: combatEvents[event.eventType]?.schemaVersion ?? 1,
      },
    };
  });
}

/** The combats of the story through the whole game. */
export function tourLog(): StoredEvent[] {
  const happenings = grandTour()
    .log.filter((event) => event.aggregateType === "Combat")
    .map((event): Happening => {
      const at = Date.parse(event.timestamp) - START;
      return { combatId: event.aggregateId, event: event as unknown as CombatEvent, at };
    });
  return asLog(happenings);
}

type Preparation = Extract<CombatCommand, { type: "PreparerCombat" }>;

/** The same fight under another id, and unless `shared` with participants of its own. */
function renamed(command: Preparation, combatId: string, n: number, shared: boolean): Preparation {
  const participants = command.definition.participants.map((one, i) => ({
    ...one,
    participantId: shared ? one.participantId : numbered(`9a${String(n).padStart(6, "0")}`, i + 1),
  }));
  return { ...command, combatId, definition: { ...command.definition, participants } as Preparation["definition"] };
}

function* course(first: Preparation, gestures: readonly Gesture[]): Generator<CombatEvent[], void> {
  let state = combat.initial;
  for (let n = -1; n < gestures.length && !combat.mayRest?.(state); n++) {
    const next = gestures[n];
    const command = next === undefined ? first : commandOf(state, next);
    const decision = combat.decide(state, command, { now: 40_000 * Math.floor(((n + 1) * 3) / 4) });
    if (!decision.ok || decision.events.length === 0) continue;
    state = decision.events.reduce(combat.evolve, state);
    yield [...decision.events];
  }
}

/** Combats of all kinds at once, each decision's events together. The same seed gives the same log. */
export function randomLog(seed: number, { combats = 6, length = 60, shared = false } = {}): StoredEvent[] {
  const preparations = fc.sample(preparation, { seed, numRuns: combats }) as Preparation[];
  const gestures = fc.sample(gesture, { seed, numRuns: combats * length });
  const turns = fc.sample(fc.nat(1_000), { seed, numRuns: 20 * combats * length });
  const open = preparations.map((first, n) => {
    const combatId = numbered(`c${String(n).padStart(7, "0")}`, seed);
    const own = gestures.slice(n * length, (n + 1) * length);
    return { combatId, events: course(renamed(first, combatId, n, shared), own) };
  });
  const happenings: Happening[] = [];
  for (let n = 0; open.length > 0; n++) {
    const at = (turns[n % turns.length] ?? 0) % open.length;
    const one = open[at];
    const next = one?.events.next();
    if (one === undefined || next === undefined || next.done === true) open.splice(at, 1);
    else happenings.push(...next.value.map((event) => ({ combatId: one.combatId, event, at: n * 700 })));
  }
  return asLog(happenings);
}

/** The log in parts of 1 to `most` events. */
export function batches(log: readonly StoredEvent[], seed: number, most = 40): StoredEvent[][] {
  const sizes = fc.sample(fc.integer({ min: 1, max: most }), { seed, numRuns: log.length });
  const parts: StoredEvent[][] = [];
  for (let at = 0, n = 0; at < log.length; n++) {
    const size = sizes[n] ?? 1;
    parts.push(log.slice(at, at + size));
    at += size;
  }
  return parts;
}
