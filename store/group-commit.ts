import type { AppendRequest, AppendResult, CommandOutcome, StreamAppend } from "./event-store.ts";

/**
 * One commit for many actors. While one batch is under way the next one gathers; a lane that is idle commits at once, so
 * that a lone command pays no delay. Requests of one actor that follow each other in a batch become one unit: the first
 * one's expectation covers them all. If the unit fails by a later one's fault, they are written one by one.
 *
 * Lanes are connections. An actor always takes the same lane: that alone keeps its appends in order.
 */
export interface Unit {
  readonly actorId: string;
  readonly streams: Map<string, UnitStream>;
  readonly outcomes: CommandOutcome[];
  /** The requests merged into this unit, in order; so stand their events in the log. */
  readonly requests: PendingRequest[];
  events: number;
}

export interface UnitStream {
  readonly aggregateType: StreamAppend["aggregateType"];
  readonly expectedVersion: number;
  readonly epoch: number | undefined;
  events: number;
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
  /** What came of each request, before whoever asked hears of it; must not throw. */
  readonly onResult?: (request: AppendRequest, result: AppendResult) => void;
}

export interface GroupCommit {
  append(request: AppendRequest): Promise<AppendResult>;
  /** Requests that wait or are under way. */
  depth(): number;
  /** Resolves when nothing waits and nothing is under way; later requests are refused. */
  close(): Promise<void>;
}

const NO_RESULT: AppendResult = { ok: false, reason: "UNKNOWN", message: "the batch gave no result" };

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
  let closing: Promise<void> | undefined;
  let onIdle: (() => void) | undefined;

  function refuse(request: AppendRequest, result: AppendResult): Promise<AppendResult> {
    options.onResult?.(request, result);
    return Promise.resolve(result);
  }

  function settle(pending: PendingRequest, result: AppendResult): void {
    depth -= 1;
    options.onResult?.(pending.request, result);
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
      const divided: Unit[] = [];
      for (const [i, unit] of units.entries()) {
        const result = results[i] ?? NO_RESULT;
        if (divisible(unit, result)) divided.push(unit);
        else settleUnit(unit, result, settle);
      }
      for (const unit of divided) await writeOneByOne(unit, index);
    }
    lane.busy = false;
  }

  /** Those before the one at fault stand; those after it were decided upon it, and fail as it did. */
  async function writeOneByOne(unit: Unit, index: number): Promise<void> {
    let failure: AppendResult | undefined;
    for (const pending of unit.requests) {
      if (failure === undefined) {
        const [result = NO_RESULT] = await write([add(emptyUnit(unit.actorId), pending)], index);
        if (!result.ok) failure = result;
        settle(pending, result);
      } else settle(pending, failure);
    }
  }

  return {
    append(request) {
      if (closing !== undefined)
        return refuse(request, { ok: false, reason: "UNAVAILABLE", message: "the store is closed" });
      if (depth >= queueLimit) return refuse(request, { ok: false, reason: "BUSY" });
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
      closing ??= new Promise((resolve) => {
        if (depth === 0) resolve();
        else onIdle = resolve;
      });
      return closing;
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
    const size = sizeOf(pending.request);
    if (taken > 0 && events + size > batchEvents) break;
    const unit = byActor.get(pending.request.actorId);
    if (unit === undefined) {
      const fresh = add(emptyUnit(pending.request.actorId), pending);
      byActor.set(fresh.actorId, fresh);
      units.push(fresh);
    } else {
      if (!continues(unit, pending.request)) break;
      add(unit, pending);
    }
    events += size;
    taken += 1;
  }
  return { units, taken };
}

function emptyUnit(actorId: string): Unit {
  return { actorId, streams: new Map(), outcomes: [], requests: [], events: 0 };
}

/** A request by itself, for whoever writes it at once. */
export function unitOf(request: AppendRequest): Unit {
  return add(emptyUnit(request.actorId), { request, resolve: () => undefined });
}

function sizeOf(request: AppendRequest): number {
  return request.streams.reduce((sum, stream) => sum + stream.events.length, 0);
}

/** Whether the request was decided upon exactly what the unit will have written. */
function continues(unit: Unit, request: AppendRequest): boolean {
  return request.streams.every((stream) => {
    const written = unit.streams.get(stream.aggregateId);
    return (
      written === undefined ||
      (stream.expectedVersion === written.expectedVersion + written.events && stream.epoch === written.epoch)
    );
  });
}

function add(unit: Unit, pending: PendingRequest): Unit {
  for (const { aggregateId, aggregateType, expectedVersion, epoch, events } of pending.request.streams) {
    const stream = unit.streams.get(aggregateId);
    if (stream === undefined)
      unit.streams.set(aggregateId, { aggregateType, expectedVersion, epoch, events: events.length });
    else stream.events += events.length;
    unit.events += events.length;
  }
  unit.outcomes.push(...(pending.request.outcomes ?? []));
  unit.requests.push(pending);
  return unit;
}

/** Whether a failure may be due to a later request than the first. */
function divisible({ requests }: Unit, result: AppendResult): boolean {
  if (result.ok || requests.length === 1) return false;
  if (result.reason === "INVALID") return true;
  return (
    result.reason === "CONFLICT" &&
    requests[0]?.request.streams.every((stream) => stream.aggregateId !== result.aggregateId) === true
  );
}

/** A unit's sequences stand in the order of its requests' events. */
function settleUnit(
  unit: Unit,
  result: AppendResult,
  settle: (pending: PendingRequest, result: AppendResult) => void,
): void {
  let at = 0;
  for (const pending of unit.requests) {
    if (result.ok) {
      const from = at;
      at += sizeOf(pending.request);
      settle(pending, { ok: true, sequences: result.sequences.slice(from, at) });
    } else settle(pending, result);
  }
}
