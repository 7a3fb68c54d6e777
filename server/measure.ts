import type { Measure } from "../rooms/telemetry.ts";
import type { Metrics } from "./metrics.ts";

/** The figures of actors and rooms, as metrics; and the rooms that are open, by name, with what tells how many clients each has. */
export interface RoomMeasure extends Measure {
  readonly rooms: ReadonlyMap<string, ReadonlySet<() => number>>;
}

export function createMeasure(metrics: Metrics): RoomMeasure {
  const rooms = new Map<string, Set<() => number>>();
  return {
    rooms,
    queued: (aggregate_type, depth) => metrics.mailboxDepth.observe({ aggregate_type }, depth),
    answered(aggregate_type, by, ok, seconds) {
      metrics.commandSeconds.observe({ aggregate_type, by, outcome: ok ? "accepted" : "refused" }, seconds);
    },
    gate: (aggregate_type, seconds) => metrics.gateSeconds.observe({ aggregate_type }, seconds),
    loaded(aggregate_type, to, outcome, seconds) {
      metrics.loadSeconds.observe({ aggregate_type, to }, seconds);
      metrics.snapshotLoads.inc({ aggregate_type, outcome });
    },
    patched(room, bytes, clients) {
      metrics.patchBytes.observe({ room }, bytes);
      metrics.patchesSent.inc({ room }, clients);
      metrics.patchBytesSent.inc({ room }, bytes * clients);
    },
    cut: (room, reason) => metrics.clientsCut.inc({ room, reason }),
    joinRefused: (room, code) => metrics.joinsRefused.inc({ room, code }),
    opened(room, clients) {
      const open = rooms.get(room) ?? new Set();
      rooms.set(room, open.add(clients));
      return () => void open.delete(clients);
    },
  };
}
