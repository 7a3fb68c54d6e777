import type { AppendRequest, AppendResult, CommandOutcome, StreamAppend } from "./event-store.ts";

/**
 * One commit for many actors. While one batch is under way the next one gathers; a lane that is idle commits at once, so
 * that a lone command pays no delay. Requests of one actor that follow each other in a batch become one unit: the first
 * one's expectation covers them all, and if it fails, all of them do, as they were decided upon one another.
 *
 * Lanes are connections. An actor always takes the same lane: that alone keeps its appends in order.
 */
export interface Unit {
  readonly actorId: string;
  readonly streams: Map<string, UnitStream>;
  readonly outcomes: CommandOutcome[];
  /** The requests merged into this unit, in order. */
  readonly requests: PendingRequest[];
  events: number;
}

export interface UnitStream {
  readonly aggregateType: StreamAppend["aggregateType"];
  readonly expectedVersion: number;
  readonly epoch: number | undefined;
  readonly events: StreamAppend["events"][number][];
}

interface PendingRequest {
  readonly request: AppendRequest;
  readonly resolve: (result: AppendResult) => void;
}

/** Writes units in one transaction; answers one result per unit. Never rejects. */
export type WriteBatch = (units: readonly Unit[], lane: number) => Promise<readonly AppendResult[]>;

export interface GroupCommitOptions {
  /** Batches under way at the same time, each on its connection; default 2. */
  readonly lanes?: number;
  /** Events in one batch at most; a larger request travels alone. Default 1,000. */
  readonly batchEvents?: number;
  /** Requests waiting at most; one more is answered BUSY. Default 10,000. */
  readonly queueLimit?: number;
  readonly onBatch?: (units: number, events: number, seconds: number) => void;
}

export interface GroupCommit {
  append(request: AppendRequest): Promise<AppendResult>;
  /** Requests that wait or are under way. */
  depth(): number;
  /** Resolves when nothing waits and nothing is under way; later requests are refused. */
  close(): Promise<void>;
}

export function createGroupCommit(write: WriteBatch, options: GroupCommitOptions = {}): GroupCommit {
  const laneCount = options.lanes ?? 2;
  const batchEvents = options.batchEvents ?? 1_000;
  const queueLimit = options.queueLimit ?? 10_000;
  const lanes = Array.from({ length: laneCount }, () => ({
    queue: [] as PendingRequest[],
    scheduled: false,
    busy: false,
  }));
  let depth = 0;
  let closed = false;
  let onIdle: (() => void) | undefined;

  function settle(pending: PendingRequest, result: AppendResult): void {
    depth -= 1;
    pending.resolve(result);
    if (depth === 0) onIdle?.();
  }

  async function flush(index: number): Promise<void> {
    const lane = lanes[index];
    if (lane === undefined) return;
    lane.scheduled = false;
    lane.busy = true;
    while (lane.queue.length > 0) {
      const { units, taken } = gather(lane.queue, batchEvents);
      lane.queue.splice(0, taken);
      const start = performance.now();
      const results = await write(units, index);
      options.onBatch?.(
        units.length,
        units.reduce((sum, unit) => sum + unit.events, 0),
        (performance.now() - start) / 1_000,
      );
      for (const [i, unit] of units.entries()) {
        const result = results[i] ?? { ok: false, reason: "UNKNOWN", message: "the batch gave no result" };
        settleUnit(unit, result, settle);
      }
    }
    lane.busy = false;
  }

  return {
    append(request) {
      if (closed) return Promise.resolve({ ok: false, reason: "UNAVAILABLE", message: "the store is closed" });
      if (depth >= queueLimit) return Promise.resolve({ ok: false, reason: "BUSY" });
      const index = laneOf(request.actorId, laneCount);
      const lane = lanes[index];
      if (lane === undefined) throw new RangeError(`no lane ${index}`);
      depth += 1;
      return new Promise((resolve) => {
        lane.queue.push({ request, resolve });
        if (lane.busy || lane.scheduled) return;
        lane.scheduled = true;
        // After this turn of the event loop, so that the commands of one poll of the sockets travel together.
        setImmediate(() => void flush(index));
      });
    },
    depth: () => depth,
    close() {
      closed = true;
      if (depth === 0) return Promise.resolve();
      return new Promise((resolve) => {
        onIdle = resolve;
      });
    },
  };
}

function laneOf(actorId: string, lanes: number): number {
  // The last digits of a UUID are its most random ones, in version 7 too.
  return Number.parseInt(actorId.slice(-6), 16) % lanes || 0;
}

/** Takes requests from the head of the queue, as many as fit in one batch, and merges those of one actor. */
function gather(queue: readonly PendingRequest[], batchEvents: number): { units: Unit[]; taken: number } {
  const units: Unit[] = [];
  const byActor = new Map<string, Unit>();
  let events = 0;
  let taken = 0;
  for (const pending of queue) {
    const size = pending.request.streams.reduce((sum, stream) => sum + stream.events.length, 0);
    if (taken > 0 && events + size > batchEvents) break;
    const unit = byActor.get(pending.request.actorId);
    if (unit === undefined) {
      const fresh: Unit = {
        actorId: pending.request.actorId,
        streams: new Map(),
        outcomes: [],
        requests: [],
        events: 0,
      };
      add(fresh, pending, size);
      byActor.set(fresh.actorId, fresh);
      units.push(fresh);
    } else {
      if (!continues(unit, pending.request)) break;
      add(unit, pending, size);
    }
    events += size;
    taken += 1;
  }
  return { units, taken };
}

/** Whether the request was decided upon exactly what the unit will have written. */
function continues(unit: Unit, request: AppendRequest): boolean {
  return request.streams.every((stream) => {
    const written = unit.streams.get(stream.aggregateId);
    return (
      written === undefined ||
      (stream.expectedVersion === written.expectedVersion + written.events.length && stream.epoch === written.epoch)
    );
  });
}

function add(unit: Unit, pending: PendingRequest, size: number): void {
  for (const { aggregateId, aggregateType, expectedVersion, epoch, events } of pending.request.streams) {
    const stream = unit.streams.get(aggregateId);
    if (stream === undefined)
      unit.streams.set(aggregateId, { aggregateType, expectedVersion, epoch, events: [...events] });
    else stream.events.push(...events);
  }
  unit.outcomes.push(...(pending.request.outcomes ?? []));
  unit.requests.push(pending);
  unit.events += size;
}

/** A unit's sequences stand stream by stream; each of its requests gets those of its own events. */
function settleUnit(
  unit: Unit,
  result: AppendResult,
  settle: (pending: PendingRequest, result: AppendResult) => void,
): void {
  if (!result.ok) {
    for (const pending of unit.requests) settle(pending, result);
    return;
  }
  const cursor = new Map<string, number>();
  let offset = 0;
  for (const [id, stream] of unit.streams) {
    cursor.set(id, offset);
    offset += stream.events.length;
  }
  for (const pending of unit.requests) {
    const sequences: number[] = [];
    for (const { aggregateId, events } of pending.request.streams) {
      const from = cursor.get(aggregateId) ?? 0;
      sequences.push(...result.sequences.slice(from, from + events.length));
      cursor.set(aggregateId, from + events.length);
    }
    settle(pending, { ok: true, sequences });
  }
}
