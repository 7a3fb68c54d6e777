import type { Answer } from "../domain/codes.ts";
import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent } from "../domain/envelope.ts";
import type { AcceptedCommand, EventStore, Snapshot } from "../store/event-store.ts";
import { Recent } from "./recent.ts";
import type { Telemetry } from "./telemetry.ts";

export interface Loaded<S> {
  readonly state: S;
  readonly version: number;
  readonly epoch: number;
  readonly snapshotVersion: number;
  readonly accepted: Recent<AcceptedCommand>;
  readonly rejections: Recent<Answer>;
}

/** Takes ownership of an aggregate and brings it into memory: snapshot, then the events after it. Undefined if there is none. */
export async function loadAggregate<S, C, E extends DomainEvent>(
  id: string,
  aggregate: Aggregate<S, C, E>,
  store: EventStore,
  nodeId: string,
  telemetry: Telemetry,
): Promise<Loaded<S> | undefined> {
  // A snapshot stands for what was durable long ago; what came after it is read once the stream is owned.
  const [head, stored] = await Promise.all([
    store.activate(id, nodeId),
    store.latestSnapshot(id, aggregate.snapshot.version),
  ]);
  if (head === undefined || head.aggregateType !== aggregate.type) return undefined;
  const snapshot = usable(aggregate, stored, head.version, telemetry);
  const [tail, outcomes] = await Promise.all([
    readTail(id, aggregate, store, snapshot, head.version),
    store.outcomes(id),
  ]);
  const commands = [...(snapshot?.recentCommands ?? []), ...tail.commands];
  return {
    state: tail.state,
    version: head.version,
    epoch: head.epoch,
    snapshotVersion: snapshot?.version ?? 0,
    accepted: new Recent(commands.map((command) => [command.commandId, command])),
    rejections: new Recent(outcomes.map(({ commandId, outcome }) => [commandId, outcome as Answer])),
  };
}

interface Tail<S> {
  readonly state: S;
  readonly commands: readonly AcceptedCommand[];
}

/** The state at version `to`, from the snapshot's and the events after it, and the commands that led to those. */
async function readTail<S, C, E extends DomainEvent>(
  id: string,
  aggregate: Aggregate<S, C, E>,
  store: EventStore,
  snapshot: { readonly state: S; readonly version: number } | undefined,
  to: number,
): Promise<Tail<S>> {
  let state = snapshot?.state ?? aggregate.initial;
  let version = snapshot?.version ?? 0;
  const commands = new Map<string, AcceptedCommand>();
  for await (const event of store.readStream(id, version + 1, to)) {
    // The registry has held the payload against the schema of its type, which is the event's type here.
    state = aggregate.evolve(state, event as unknown as E);
    version += 1;
    if (event.version !== version) throw new Error(`stream ${id}: event ${event.version} where ${version} is due`);
    const { commandId } = event.metadata;
    if (commandId === undefined) continue;
    const fromVersion = commands.get(commandId)?.fromVersion ?? version;
    commands.set(commandId, { commandId, fromVersion, toVersion: version, sequence: event.sequence });
  }
  if (version !== to) throw new Error(`stream ${id}: ends at ${version}, its head says ${to}`);
  return { state, commands: [...commands.values()] };
}

/** A snapshot is a shortcut, never the truth: one that does not fit is ignored. */
function usable<S, C, E extends DomainEvent>(
  aggregate: Aggregate<S, C, E>,
  snapshot: Snapshot | undefined,
  headVersion: number,
  telemetry: Telemetry,
): (Omit<Snapshot, "state"> & { readonly state: S }) | undefined {
  // A newer one is of an owner after us; our first append will tell.
  if (snapshot === undefined || snapshot.version > headVersion) return undefined;
  const state = aggregate.snapshot.schema.safeParse(snapshot.state);
  if (state.success) return { ...snapshot, state: state.data };
  telemetry.fault(
    "snapshot",
    new Error(`snapshot ${snapshot.version} of ${snapshot.aggregateId} is not of this code's shape`),
  );
  return undefined;
}
