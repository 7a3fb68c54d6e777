import type { Logger } from "pino";
import type { Measure, Telemetry } from "../rooms/telemetry.ts";
import type { Metrics } from "./metrics.ts";

/** Faults of one place that are logged in one interval; the rest are only counted. */
const LOGGED = 5;
const INTERVAL_MS = 10_000;

/** Counts everything and logs faults; a fault that comes by the thousand, as when the database is away, not a thousand times. */
export function createTelemetry(metrics: Metrics, log: Logger, measure: Measure): Telemetry {
  const recent = new Map<string, { since: number; count: number }>();

  function worthLogging(where: string): boolean {
    const now = Date.now();
    const entry = recent.get(where);
    if (entry === undefined || now - entry.since > INTERVAL_MS) {
      recent.set(where, { since: now, count: 1 });
      return true;
    }
    entry.count += 1;
    return entry.count <= LOGGED;
  }

  return {
    measure,
    refused: (code) => metrics.refused.inc({ code }),
    fault(where, error) {
      metrics.faults.inc({ where });
      if (worthLogging(where)) log.error({ err: error, where }, "fault");
    },
  };
}
