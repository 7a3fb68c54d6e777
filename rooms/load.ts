import type { Answer } from "../domain/codes.ts";
import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent } from "../domain/envelope.ts";
import type { AcceptedCommand, EventStore, Snapshot } from "../store/event-store.ts";
import { Recent } from "./recent.ts";
import type { Telemetry } from "./telemetry.ts";

/** Events among whose commands a repeat is recognised after a load: minutes of the busiest aggregate. */
const COMMAND_WINDOW = 500;

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
  const head = await store.activate(id, nodeId);
  if (head === undefined || head.aggregateType !== aggregate.type) return undefined;
  const from = Math.max(1, head.version - COMMAND_WINDOW);
  const [stored, outcomes, commands] = await Promise.all([
    store.latestSnapshot(id, aggregate.snapshot.version),
    store.outcomes(id),
    store.commandsSince(id, from),
  ]);
  const snapshot = usable(aggregate, stored, head.version, telemetry);
  let state = snapshot?.state ?? aggregate.initial;
  let version = snapshot?.version ?? 0;
  for await (const event of store.readStream(id, version + 1, head.version)) {
    // The registry has held the payload against the schema of its type, which is the event's type here.
    state = aggregate.evolve(state, event as unknown as E);
    version += 1;
    if (event.version !== version) throw new Error(`stream ${id}: event ${event.version} where ${version} is due`);
  }
  if (version !== head.version) throw new Error(`stream ${id}: ends at ${version}, its head says ${head.version}`);
  // The first command may have begun before the window, and its answer with it.
  const whole = commands.filter(({ fromVersion }) => from === 1 || fromVersion > from);
  return {
    state,
    version,
    epoch: head.epoch,
    snapshotVersion: snapshot?.version ?? 0,
    accepted: new Recent(whole.map((command) => [command.commandId, command])),
    rejections: new Recent(outcomes.map(({ commandId, outcome }) => [commandId, outcome as Answer])),
  };
}

/** A snapshot is a shortcut, never the truth: one that does not fit is ignored. */
function usable<S, C, E extends DomainEvent>(
  aggregate: Aggregate<S, C, E>,
  snapshot: Snapshot | undefined,
  headVersion: number,
  telemetry: Telemetry,
): (Omit<Snapshot, "state"> & { readonly state: S }) | undefined {
  if (snapshot === undefined || snapshot.version > headVersion) return undefined;
  const state = aggregate.snapshot.schema.safeParse(snapshot.state);
  if (state.success) return { ...snapshot, state: state.data };
  telemetry.fault(
    "snapshot",
    new Error(`snapshot ${snapshot.version} of ${snapshot.aggregateId} is not of this code's shape`),
  );
  return undefined;
}
