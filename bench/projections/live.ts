import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import type { Projector } from "../../projections/projector.ts";
import { createProjections } from "../../projections/run.ts";
import type { EventStore } from "../../store/event-store.ts";
import type { Feed } from "../../store/feed.ts";
import { retold } from "./log.ts";

export interface Delays {
  readonly name: string;
  readonly events: number;
  /** ms from an append's answer to the commit of its rows. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface LiveOptions {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly feed: Feed;
  readonly perSecond: number;
  readonly seconds: number;
  /** Numbers of copies that the log does not hold yet. */
  readonly copy: number;
  readonly onFault: (error: unknown) => void;
  /** Others who are told of events: ms at which each was, by sequence, filled in while it runs. */
  readonly told?: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** s at the beginning that are not counted. */
  readonly warmUpSeconds?: number;
}

/** How late each read model is while events come at a steady rate. */
export async function whileLive(projectors: readonly Projector[], options: LiveOptions): Promise<readonly Delays[]> {
  const { pool, store, feed, perSecond, seconds, onFault } = options;
  const written = new Map<number, number>();
  const pending = new Map<string, number[]>();
  const seen = new Map<string, { readonly sequence: number; readonly at: number }[]>();
  const running = createProjections(
    projectors.map((projector) => ({
      ...projector,
      async apply(events, transaction) {
        pending.set(
          projector.name,
          events.map(({ sequence }) => sequence),
        );
        await projector.apply(events, transaction);
      },
    })),
    {
      nodeId: "bench",
      pool,
      store,
      feed,
      telemetry: { fault: (_, error) => onFault(error) },
      onBatch(name) {
        const at = performance.now();
        const list = seen.get(name) ?? [];
        for (const sequence of pending.get(name) ?? []) list.push({ sequence, at });
        seen.set(name, list);
      },
    },
  );
  const behind = async (): Promise<boolean> =>
    (await Promise.all([...running.consumers.values()].map((one) => one.status()))).some(
      ({ lagEvents }) => lagEvents > 0,
    );
  while (await behind()) await sleep(50);

  const start = performance.now();
  const versions = new Map<string, number>();
  const appends: Promise<void>[] = [];
  let sent = 0;
  for (let copy = options.copy; sent < perSecond * seconds; copy += 1) {
    // One story is told in order, as its actors would.
    const actorId = randomUUID();
    for (const { aggregateId, events } of retold(copy)) {
      if (sent >= perSecond * seconds) break;
      const due = start + (sent / perSecond) * 1_000;
      if (due > performance.now()) await sleep(due - performance.now());
      const expectedVersion = versions.get(aggregateId) ?? 0;
      versions.set(aggregateId, expectedVersion + events.length);
      const aggregateType = events[0]?.aggregateType ?? "Joueur";
      const counted = sent >= (options.warmUpSeconds ?? 0) * perSecond;
      appends.push(
        store.append({ actorId, streams: [{ aggregateId, aggregateType, expectedVersion, events }] }).then((result) => {
          if (!result.ok) throw new Error(`append: ${result.reason}`);
          const at = performance.now();
          if (counted) for (const sequence of result.sequences) written.set(sequence, at);
        }),
      );
      sent += events.length;
    }
  }
  await Promise.all(appends);
  while (await behind()) await sleep(50);
  await running.close();
  const told = [...(options.told ?? [])].map(
    ([name, at]) => [name, [...at].map(([sequence, time]) => ({ sequence, at: time }))] as const,
  );
  return [...seen, ...told].map(([name, list]) => {
    const delays = list
      .flatMap(({ sequence, at }) => {
        const since = written.get(sequence);
        return since === undefined ? [] : [Math.max(0, at - since)];
      })
      .sort((one, other) => one - other);
    const of = (share: number): number => delays[Math.floor(delays.length * share)] ?? Number.NaN;
    return { name, events: delays.length, p50: of(0.5), p95: of(0.95), p99: of(0.99) };
  });
}
