import type { Answer } from "../domain/codes.ts";
import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent, StoredEvent } from "../domain/envelope.ts";
import type { AcceptedCommand, EventStore, Head, Snapshot } from "../store/event-store.ts";
import { isLastingAcceptance } from "./answers.ts";
import { Recent } from "./recent.ts";
import { type OwnedStream, streamsOf, versionsOf } from "./streams.ts";
import type { Telemetry } from "./telemetry.ts";

export interface Loaded<S> {
  readonly state: S;
  readonly version: number;
  readonly epoch: number;
  /** The node that owns it, or did. */
  readonly owner: string | null;
  readonly snapshotVersion: number;
  readonly accepted: Recent<AcceptedCommand>;
  readonly rejections: Recent<Answer>;
}

/** The epoch of a stream that nobody has begun: whoever begins it finds out whether somebody else did. */
const FIRST_EPOCH = 1;

/** Takes ownership of an aggregate and brings it into memory: snapshot, then the events after it. Undefined if there is none. */
export function loadAggregate<S, C, E extends DomainEvent>(
  id: string,
  aggregate: Aggregate<S, C, E>,
  store: EventStore,
  nodeId: string,
  telemetry: Telemetry,
): Promise<Loaded<S> | undefined> {
  return load(id, aggregate, store, telemetry, "activate", () => takeOver(id, aggregate, store, nodeId));
}

/** The same without taking ownership: for those who only read, or write cold. */
export function readAggregate<S, C, E extends DomainEvent>(
  id: string,
  aggregate: Aggregate<S, C, E>,
  store: EventStore,
  telemetry: Telemetry,
): Promise<Loaded<S> | undefined> {
  return load(id, aggregate, store, telemetry, "read", () => store.head(id));
}

/**
 * Raises the epoch for an owner, or for somebody who is about to write without owning: from here on, nothing is written that
 * was decided without knowing of it. Without that, what an owner has decided upon an append that failed would find the version
 * that it expects, once somebody else has written as many events. What may be begun gets a head at version 0 for it.
 */
export async function takeOver<S, C, E extends DomainEvent>(
  id: string,
  aggregate: Pick<Aggregate<S, C, E>, "type" | "begins">,
  store: EventStore,
  nodeId: string,
): Promise<Head | undefined> {
  const head = await store.activate(id, nodeId);
  if (head !== undefined || aggregate.begins !== true) return head;
  const nothing = { aggregateId: id, aggregateType: aggregate.type, expectedVersion: 0, events: [] };
  const begun = await store.append({ actorId: id, streams: [nothing] });
  if (!begun.ok && begun.reason !== "CONFLICT") throw new Error(`${id} cannot be begun now: ${begun.reason}`);
  return store.activate(id, nodeId);
}

async function load<S, C, E extends DomainEvent>(
  id: string,
  aggregate: Aggregate<S, C, E>,
  store: EventStore,
  telemetry: Telemetry,
  to: "activate" | "read",
  take: () => Promise<Head | undefined>,
): Promise<Loaded<S> | undefined> {
  const start = performance.now();
  // A snapshot stands for what was durable long ago; what came after it is read once the stream is owned.
  const [head, stored] = await Promise.all([take(), store.latestSnapshot(id, aggregate.snapshot.version)]);
  if (head !== undefined && head.aggregateType !== aggregate.type) return undefined;
  if ((head?.version ?? 0) === 0 && aggregate.begins !== true) return undefined;
  const streams = streamsOf(aggregate, id);
  const versions = await versionsNow(store, streams, head);
  const version = versions.reduce((sum, one) => sum + one, 0);
  const snapshot = usable(aggregate, stored, versions, telemetry);
  const [tail, outcomes] = await Promise.all([
    readTail(aggregate, store, streams, snapshot, versions),
    head === undefined ? [] : store.outcomes(id),
  ]);
  const commands = [...(snapshot?.recentCommands ?? []), ...tail.commands];
  const found = snapshot !== undefined ? "hit" : stored === undefined ? "miss" : "unfit";
  telemetry.measure?.loaded(aggregate.type, to, found, (performance.now() - start) / 1_000);
  const kept = outcomes.filter(({ outcome }) => !isLastingAcceptance(outcome));
  return {
    state: tail.state,
    version,
    epoch: head?.epoch ?? FIRST_EPOCH,
    owner: head?.owner ?? null,
    snapshotVersion: snapshot?.version ?? 0,
    accepted: new Recent(commands.map((command) => [command.commandId, command])),
    rejections: new Recent(kept.map(({ commandId, outcome }) => [commandId, outcome as Answer])),
  };
}

/** Streams of one aggregate are read as of one moment; who owns them knows that none moves meanwhile. */
async function versionsNow(
  store: EventStore,
  streams: readonly OwnedStream[],
  head: Head | undefined,
): Promise<readonly number[]> {
  if (streams.length === 1) return [head?.version ?? 0];
  const heads = await store.heads(streams.map(({ aggregateId }) => aggregateId));
  return streams.map(({ aggregateId }) => heads.get(aggregateId)?.version ?? 0);
}

interface Usable<S> {
  readonly state: S;
  readonly version: number;
  readonly versions: readonly number[];
  readonly recentCommands: readonly AcceptedCommand[];
}

interface Tail<S> {
  readonly state: S;
  readonly commands: readonly AcceptedCommand[];
}

/**
 * The state at `versions`, from the snapshot's and the events after it, and the commands that led to those. Streams are folded
 * one after the other: none of an aggregate's streams tells anything of another's part of the state.
 */
async function readTail<S, C, E extends DomainEvent>(
  aggregate: Aggregate<S, C, E>,
  store: Pick<EventStore, "readStream">,
  streams: readonly OwnedStream[],
  snapshot: Usable<S> | undefined,
  versions: readonly number[],
): Promise<Tail<S>> {
  let state = snapshot?.state ?? aggregate.initial;
  const commands = new Map<string, { sequence: number; ranges: [number, number, number][] }>();
  const ranges = streams.map((_, index) => ({ from: snapshot?.versions[index] ?? 0, to: versions[index] ?? 0 }));
  const tails = await Promise.all(
    streams.map(({ aggregateId }, index) => openTail(store, aggregateId, ranges[index], streams.length > 1)),
  );
  for (const [index, { aggregateId }] of streams.entries()) {
    const { from = 0, to = 0 } = ranges[index] ?? {};
    let version = from;
    for await (const event of tails[index] ?? []) {
      // The registry has held the payload against the schema of its type, which is the event's type here.
      state = aggregate.evolve(state, event as unknown as E);
      version += 1;
      if (event.version !== version)
        throw new Error(`stream ${aggregateId}: event ${event.version} where ${version} is due`);
      const { commandId } = event.metadata;
      if (commandId === undefined) continue;
      const known = commands.get(commandId) ?? { sequence: 0, ranges: [] };
      commands.set(commandId, known);
      known.sequence = event.sequence;
      const range = known.ranges.at(-1);
      if (range?.[0] === index) range[2] = version;
      else known.ranges.push([index, version, version]);
    }
    if (version !== to) throw new Error(`stream ${aggregateId}: ends at ${version}, its head says ${to}`);
  }
  // By the order in which they were written; each raised the version by as many events as it left.
  const ordered = [...commands].sort(([, one], [, other]) => one.sequence - other.sequence);
  let at = versions.reduce((sum, one) => sum + one, 0);
  const accepted = ordered.reverse().map(([commandId, { ranges: changed }]): AcceptedCommand => {
    const version = at;
    at -= changed.reduce((sum, [, from, to]) => sum + to - from + 1, 0);
    return { commandId, version, ranges: changed };
  });
  return { state, commands: accepted.reverse() };
}

/** Several streams are asked for at once; one alone, which may be long, is read as it is folded. */
async function openTail(
  store: Pick<EventStore, "readStream">,
  aggregateId: string,
  { from, to } = { from: 0, to: 0 },
  atOnce: boolean,
): Promise<AsyncIterable<StoredEvent> | readonly StoredEvent[]> {
  if (from === to) return [];
  const tail = store.readStream(aggregateId, from + 1, to);
  if (!atOnce) return tail;
  const events: StoredEvent[] = [];
  for await (const event of tail) events.push(event);
  return events;
}

/** A snapshot is a shortcut, never the truth: one that does not fit is ignored. */
function usable<S, C, E extends DomainEvent>(
  aggregate: Aggregate<S, C, E>,
  snapshot: Snapshot | undefined,
  versions: readonly number[],
  telemetry: Telemetry,
): Usable<S> | undefined {
  if (snapshot === undefined) return undefined;
  const state = aggregate.snapshot.schema.safeParse(snapshot.state);
  if (!state.success) {
    telemetry.fault(
      "snapshot",
      new Error(`snapshot ${snapshot.version} of ${snapshot.aggregateId} is not of this code's shape`),
    );
    return undefined;
  }
  const held = versionsOf(aggregate, state.data, snapshot.version);
  // A newer one is of an owner after us; our first append will tell.
  if (held.some((version, i) => version > (versions[i] ?? 0))) return undefined;
  return { state: state.data, version: snapshot.version, versions: held, recentCommands: snapshot.recentCommands };
}

/** Events that are folded for one question: about a second's work. */
const FOLDED_AT_MOST = 100_000;

/**
 * An aggregate as it was when its streams, in the order of `streamsOf`, had so many events each.
 * @returns undefined where it would take more events than a question may
 */
export async function stateAt<S, C, E extends DomainEvent>(
  id: string,
  aggregate: Aggregate<S, C, E>,
  store: Pick<EventStore, "latestSnapshot" | "readStream">,
  versions: readonly number[],
  telemetry: Telemetry,
): Promise<S | undefined> {
  const version = versions.reduce((sum, one) => sum + one, 0);
  const stored = await store.latestSnapshot(id, aggregate.snapshot.version, version);
  const snapshot = usable(aggregate, stored, versions, telemetry);
  if (version - (snapshot?.version ?? 0) > FOLDED_AT_MOST) return undefined;
  return (await readTail(aggregate, store, streamsOf(aggregate, id), snapshot, versions)).state;
}
