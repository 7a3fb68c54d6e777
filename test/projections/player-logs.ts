import type { StoredEvent } from "../../domain/envelope.ts";
import type { PlayerCommand } from "../../domain/player/commands.ts";
import { player } from "../../domain/player/player.ts";
import { type PlayerState, partOf, playerEvents } from "../../domain/player/state.ts";
import { playerProjector } from "../../projections/player.ts";
import { partId } from "../../store/uuid.ts";

/** An event as the log of the game in memory has it, in the stream that the store would have it in. */
export function inItsStream(event: StoredEvent): StoredEvent {
  const { aggregateType, aggregateId, eventType } = event;
  const isPart = aggregateType === "Economy" || (aggregateType !== "Joueur" && eventType in playerEvents);
  return isPart ? { ...event, aggregateId: partId(aggregateId, aggregateType) } : event;
}

/** The events of a log that the projector takes. */
export function toldIn(log: readonly StoredEvent[]): StoredEvent[] {
  return log.filter(({ eventType }) => playerProjector.eventTypes.includes(eventType)).map(inItsStream);
}

/** The tour's log up to where somebody wears something; at its end nobody does. */
export function whileDressed(log: readonly StoredEvent[]): StoredEvent[] {
  return log.slice(
    0,
    log.findIndex(({ eventType }) => eventType === "EquipementAmeliore"),
  );
}

const START = Date.parse("2026-03-02T09:00:00.000Z");

/** The log of a player that is sent commands, each made of the state of its moment; `now` is ms from the first one on. */
export function logOf(
  joueurId: string,
  made: readonly ((state: PlayerState) => readonly [PlayerCommand, now: number])[],
) {
  const log: StoredEvent[] = [];
  let state = player.initial;
  for (const next of made) {
    const [command, after] = next(state);
    const now = START + after;
    const decision = player.decide(state, command, { now });
    for (const { eventType, payload } of decision.ok ? decision.events : []) {
      const sequence = 3 * log.length + 1;
      const eventId = `e0000000-0000-4000-8000-${String(sequence).padStart(12, "0")}`;
      const metadata = { correlationId: eventId, tenantId: "tests", schemaVersion: 1 };
      const [timestamp, aggregateType] = [new Date(now).toISOString(), partOf(eventType)];
      const stored = JSON.parse(JSON.stringify(payload)) as unknown;
      const event = { eventType, payload: stored, eventId, timestamp, metadata, aggregateType, sequence, version: 1 };
      log.push({ ...event, aggregateId: joueurId });
      state = player.evolve(state, { eventType, payload } as Parameters<typeof player.evolve>[1]);
    }
  }
  return log;
}
