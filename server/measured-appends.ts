import type { AppendRequest, AppendResult } from "../store/event-store.ts";
import type { Metrics } from "./metrics.ts";

/** Counts appends by the type of the stream that they are about, which is their first, and their events by that of each stream. */
export function countAppends(metrics: Metrics): (request: AppendRequest, result: AppendResult) => void {
  return ({ streams }, result) => {
    const outcome = result.ok ? "ok" : result.reason.toLowerCase();
    metrics.appends.inc({ aggregate_type: streams[0]?.aggregateType ?? "none", outcome });
    if (!result.ok) return;
    for (const { aggregateType: aggregate_type, events } of streams)
      if (events.length > 0) metrics.appendedEvents.inc({ aggregate_type }, events.length);
  };
}
