import type { StoredEvent } from "../domain/envelope.ts";
import type { AppendRequest, AppendResult, EventStore } from "./event-store.ts";
import type { EventRegistry } from "./registry.ts";
import { NobodysDataError, type Seal } from "./seal.ts";
import { checkRequest } from "./validate.ts";

/** Events opened at once. */
const PAGE = 500;

export interface SealedStoreOptions {
  /** As the inner store's, for requests that never come to it. */
  readonly onResult?: (request: AppendRequest, result: AppendResult) => void;
}

/**
 * A registry for the store within: what it holds is sealed, and neither of a current version nor in the shape of its schema. Both are
 * held against the schemas here, where they are open.
 */
export function unchecked(registry: EventRegistry): EventRegistry {
  return { ...registry, check: () => undefined, read: (_eventType, _version, payload) => payload };
}

/** Events as the store within has them, opened, and then read as the registry reads them. */
export function createOpen(seal: Seal, registry: EventRegistry) {
  return async (events: readonly StoredEvent[]): Promise<readonly StoredEvent[]> =>
    (await seal.openEvents(events)).map((event) => ({
      ...event,
      payload: registry.read(event.eventType, event.metadata.schemaVersion, event.payload),
    }));
}

/**
 * An event store that holds no personal data in plain text, and whose callers see nothing of it.
 * @param inner a store with the `unchecked` registry; closed with this one
 */
export function createSealedStore(
  inner: EventStore,
  registry: EventRegistry,
  seal: Seal,
  options: SealedStoreOptions = {},
): EventStore {
  const open = createOpen(seal, registry);
  /** By actor, the last of its requests that is still being sealed: what it failed with, or nothing, once the store within has it. */
  const handing = new Map<string, Promise<AppendResult | undefined>>();

  let closing: Promise<void> | undefined;

  function refuse(request: AppendRequest, result: AppendResult): AppendResult {
    options.onResult?.(request, result);
    return result;
  }

  /** Whoever waits behind it was decided upon it: it goes to the store within after it, or fails as it did. */
  async function sealFirst(request: AppendRequest): Promise<AppendResult> {
    const { actorId } = request;
    const before = handing.get(actorId);
    const handed = Promise.withResolvers<AppendResult | undefined>();
    handing.set(actorId, handed.promise);
    let failure = await before;
    let toWrite = request;
    if (failure === undefined) {
      try {
        toWrite = await seal.request(request);
      } catch (error) {
        failure = failureOf(error);
      }
    }
    const result = failure === undefined ? inner.append(toWrite) : refuse(request, failure);
    if (handing.get(actorId) === handed.promise) handing.delete(actorId);
    handed.resolve(failure);
    return result;
  }

  /** What was taken comes to the store within before that is closed. */
  async function close(): Promise<void> {
    while (handing.size > 0) await Promise.all(handing.values());
    await inner.close();
  }

  return {
    ...inner,

    append(request) {
      if (closing !== undefined)
        return Promise.resolve(refuse(request, { ok: false, reason: "UNAVAILABLE", message: "the store is closed" }));
      const problem = checkRequest(request, registry);
      if (problem !== undefined)
        return Promise.resolve(refuse(request, { ok: false, reason: "INVALID", message: problem }));
      return handing.has(request.actorId) || seal.concerns(request) ? sealFirst(request) : inner.append(request);
    },

    async *readStream(aggregateId, from, to) {
      let page: StoredEvent[] = [];
      for await (const event of inner.readStream(aggregateId, from, to)) {
        page.push(event);
        if (page.length < PAGE) continue;
        yield* await open(page);
        page = [];
      }
      yield* await open(page);
    },

    readAll: async (...question) => open(await inner.readAll(...question)),
    readTopic: async (...question) => open(await inner.readTopic(...question)),
    readSequences: async (sequences) => open(await inner.readSequences(sequences)),
    readBetween: async (...question) => open(await inner.readBetween(...question)),
    readEffects: async (...question) => open(await inner.readEffects(...question)),
    readCauses: async (...question) => open(await inner.readCauses(...question)),

    async latestSnapshot(...question) {
      const snapshot = await inner.latestSnapshot(...question);
      return snapshot && seal.openSnapshot(snapshot);
    },

    saveSnapshots: async (snapshots) => inner.saveSnapshots(await seal.snapshots(snapshots)),

    close() {
      closing ??= close();
      return closing;
    },
  };
}

function failureOf(error: unknown): AppendResult {
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, reason: error instanceof NobodysDataError ? "INVALID" : "UNAVAILABLE", message };
}
