import { stateAt } from "../rooms/load.ts";
import { streamsOf } from "../rooms/streams.ts";
import type { Telemetry } from "../rooms/telemetry.ts";
import type { Audit } from "../store/audit.ts";
import type { EventStore } from "../store/event-store.ts";
import { AGGREGATES, type AggregateName } from "./aggregates.ts";

/** A moment of an aggregate: when it had so many events, or all that had happened by then (ISO 8601); undefined: now. */
export type Moment = { readonly version: number } | { readonly time: string } | undefined;

export interface Past {
  readonly id: string;
  /** Events in it, of all the aggregate's streams. */
  readonly version: number;
  readonly state: unknown;
}

export interface TimeTravel {
  /** Undefined: it had not begun. "TOO_EXPENSIVE": too many events lie between it and the snapshot before. */
  at(type: AggregateName, id: string, moment: Moment): Promise<Past | "TOO_EXPENSIVE" | undefined>;
  /** All that had begun by then, in the order of their ids, of so many streams after one; `last`: where to go on. */
  allAt(
    type: AggregateName,
    moment: Moment,
    after: string | undefined,
    streams: number,
  ): Promise<{ readonly items: readonly Past[]; readonly last: string | undefined } | "TOO_EXPENSIVE">;
}

export function createTimeTravel(
  audit: Audit,
  store: Pick<EventStore, "latestSnapshot" | "readStream" | "heads">,
  telemetry: Telemetry,
): TimeTravel {
  async function versionsOf(ids: readonly string[], moment: Moment): Promise<ReadonlyMap<string, number>> {
    if (moment === undefined)
      return new Map([...(await store.heads(ids))].map(([id, { version }]) => [id, version] as const));
    return "time" in moment ? audit.versionsAt(ids, moment.time) : audit.versionsAfter(ids, moment.version);
  }

  async function at(type: AggregateName, id: string, moment: Moment): Promise<Past | "TOO_EXPENSIVE" | undefined> {
    const aggregate = AGGREGATES[type];
    const streams = streamsOf(aggregate, id).map(({ aggregateId }) => aggregateId);
    const known = await versionsOf(streams, moment);
    const versions = streams.map((stream) => known.get(stream) ?? 0);
    const version = versions.reduce((sum, one) => sum + one, 0);
    if (version === 0 || (moment !== undefined && "version" in moment && version < moment.version)) return undefined;
    const state = await stateAt(id, aggregate, store, versions, telemetry);
    return state === undefined ? "TOO_EXPENSIVE" : { id, version, state };
  }

  return {
    async at(type, id, moment) {
      // A stream of this type may be a part of a player: it is of another aggregate then.
      const begins = await audit.begins(id);
      return begins !== undefined && begins in AGGREGATES[type].events ? at(type, id, moment) : undefined;
    },

    async allAt(type, moment, after, limit) {
      const ids = await audit.streams(type, Object.keys(AGGREGATES[type].events), after, limit);
      const items: Past[] = [];
      // One after the other: what a page takes of the database at once is what one aggregate takes.
      for (const id of ids) {
        const past = await at(type, id, moment);
        if (past === "TOO_EXPENSIVE") return past;
        if (past !== undefined) items.push(past);
      }
      return { items, last: ids.length === limit ? ids.at(-1) : undefined };
    },
  };
}
