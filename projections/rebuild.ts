import pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import { createPool, type DatabaseConfig } from "../store/database.ts";
import type { EventStore } from "../store/event-store.ts";
import { backOff, createPause } from "../store/pause.ts";
import { isServerError } from "../store/pg-errors.ts";
import { UnreadableEventError } from "../store/registry.ts";
import { describeFault, passes } from "../store/sink.ts";
import { allTables, type Projector } from "./projector.ts";
import { RebuildError } from "./rebuild-error.ts";
import { createFilling, type Filling } from "./rebuild-filling.ts";
import { closeRun, openRun, type Run } from "./rebuild-run.ts";
import { analyse, lock, replaceTables, scratchSchemaOf, TablesError } from "./rebuild-tables.ts";
import { BATCH_SIZE } from "./run.ts";

export interface RebuildOptions {
  readonly projector: Projector;
  readonly nodeId: string;
  /** Its user owns the tables: without the application's role, only to make the new ones and to put them in place. */
  readonly database: DatabaseConfig;
  readonly store: Pick<EventStore, "readAll">;
  /** Begin anew, whatever another one has left; needed when the projector's code has changed since. */
  readonly fresh?: boolean;
  readonly batchSize?: number;
  /** Stops it after the batch under way; it can be taken up again. */
  readonly signal?: AbortSignal;
  /** The new tables are there, and nobody else is at it. */
  readonly onBegun?: () => void;
  readonly onProgress?: (progress: RebuildProgress) => void;
}

export interface RebuildProgress {
  /** Everything up to here is in the new tables. */
  readonly position: number;
  /** Where the live tables stand. */
  readonly target: number;
  /** Events applied by this run. */
  readonly events: number;
}

export interface RebuildResult extends RebuildProgress {
  readonly resumed: boolean;
  readonly seconds: number;
}

/** Sequence numbers that one read may span. */
const SPAN = 20_000;
/** ms for which readers may have to wait: less than `deadlock_timeout`, so that it is the swap that gives up, not one of them. */
const SWAP_LOCK_MS = 200;
/** ms: more than `deadlock_timeout`, after which an autovacuum in the way is ended. */
const VACUUM_LOCK_MS = 5_000;
const TRIES = 10;
const NOT_OWNER = "42501";
const NOT_OWNER_TEXT =
  "insufficient privilege: the database's user must own the tables, and the application's role must have been granted them";
const LOCK_TIMEOUT = "55P03";

/**
 * Makes a projector's tables anew beside the live ones, which go on, and puts them in their place. It goes as far as the live
 * tables have come, again and again; then it holds their checkpoint, takes what is left, and replaces them in one transaction.
 * The checkpoint stays where it is. Dead letters that the new tables hold are settled; what an operator had discarded is left out.
 * @throws RebuildError, or what the database failed with for long; the live tables are as they were
 */
export async function rebuildProjection(options: RebuildOptions): Promise<RebuildResult> {
  const begun = performance.now();
  const { projector, database, signal, onProgress } = options;
  const schema = database.schema ?? "public";
  const scratch = scratchSchemaOf(schema, projector.name);
  const owner = new pg.Client({
    connectionString: database.url,
    application_name: `aether-engine rebuild ${projector.name}`,
    keepAlive: true,
    options: `-c search_path="${schema}" -c statement_timeout=0 -c lock_timeout=${VACUUM_LOCK_MS} -c timezone=UTC`,
  });
  let lost = false;
  owner
    .on("error", () => undefined)
    .on("end", () => {
      lost = true;
    });
  await owner.connect();
  const pool = createPool({
    ...database,
    schema: `"${scratch}","${schema}"`,
    poolSize: 1,
    statementTimeoutMs: 60_000,
    applicationName: `aether-engine rebuild ${projector.name}`,
  });
  let run: Run | undefined;
  try {
    run = await openRun(owner, { ...options, schema, scratch });
    options.onBegun?.();
    const filling = createFilling(pool, projector, run);
    const events = await fillAndSwap({ ...options, owner, isLost: () => lost, filling, run, schema, scratch });
    const { position, target } = filling;
    onProgress?.({ position, target, events });
    return { position, target, events, resumed: run.resumed, seconds: (performance.now() - begun) / 1_000 };
  } catch (error) {
    const failure = failureOf(error);
    if (run !== undefined) await closeRun(owner, run, scratch, failure, signal?.aborted === true);
    throw failure;
  } finally {
    await Promise.all([owner.end(), pool.end()]);
  }
}

function failureOf(error: unknown): unknown {
  if (error instanceof TablesError) return new RebuildError("TABLES", error.message);
  if (error instanceof UnreadableEventError)
    return new RebuildError("UNREADABLE_EVENT", error.message, undefined, error);
  if (isServerError(error) && error.code === NOT_OWNER)
    return new RebuildError("NOT_OWNER", NOT_OWNER_TEXT, undefined, error);
  return error;
}

interface Work extends RebuildOptions {
  readonly owner: pg.Client;
  /** Its session has ended, and with it the right to go on. */
  readonly isLost: () => boolean;
  readonly filling: Filling;
  readonly run: Run;
  readonly schema: string;
  readonly scratch: string;
}

/** Answers how many events it applied. */
async function fillAndSwap(work: Work): Promise<number> {
  const { filling, owner, scratch, projector, signal, onProgress } = work;
  const pause = createPause();
  const wake = (): void => pause.wake();
  signal?.addEventListener("abort", wake);
  let failures = 0;
  let waits = 0;
  let analysed = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      try {
        await filling.look();
        if (filling.done) return filling.events;
        while (filling.position < filling.target) {
          signal?.throwIfAborted();
          await fillPage(work);
          failures = 0;
          onProgress?.({ position: filling.position, target: filling.target, events: filling.events });
        }
        if (!analysed) await analyse(owner, scratch, allTables(projector));
        analysed = true;
        if (await trySwap(work)) return filling.events;
        waits += 1;
        await pause.wait(backOff(waits));
      } catch (error) {
        if (!passes(error) || failures === TRIES || work.isLost()) throw error;
        failures += 1;
        await pause.wait(backOff(failures));
      }
    }
  } finally {
    signal?.removeEventListener("abort", wake);
  }
}

/** Answers how many events fit; the position moves past those that do not. */
async function fillPage({ filling, projector, store, batchSize = BATCH_SIZE }: Work): Promise<number> {
  const { position, target } = filling;
  const upTo = Math.min(target, position + SPAN);
  const events = await store.readAll(position, upTo, { limit: batchSize, eventTypes: projector.eventTypes });
  const last = events.at(-1);
  await take(filling, events, last !== undefined && events.length === batchSize ? last.sequence : upTo);
  return events.length;
}

/** Fewer at a time until the one at fault is found. */
async function take(filling: Filling, events: readonly StoredEvent[], upTo: number): Promise<void> {
  try {
    await filling.take(events, upTo);
  } catch (error) {
    const [first, ...others] = events;
    if (first === undefined || error instanceof RebuildError || passes(error)) throw error;
    if (others.length === 0) {
      const { code, message } = describeFault(error);
      const text = `event ${first.sequence} (${first.eventType}) cannot be taken: ${code}, ${message}`;
      throw new RebuildError("BAD_EVENT", text, first.sequence, error);
    }
    const half = events.slice(0, events.length >> 1);
    await take(filling, half, half.at(-1)?.sequence ?? upTo);
    await take(filling, events.slice(half.length), upTo);
  }
}

/**
 * Answers whether the new tables are in place; if not, the live ones have gone on too far, or a reader holds them. The lock that
 * keeps vacuum away comes first, since it may take long, and hinders nobody; the checkpoint's row keeps consumers from the
 * tables; then readers wait, for the length of a few statements.
 */
async function trySwap(work: Work): Promise<boolean> {
  const { owner, filling, run, projector, schema, scratch, batchSize = BATCH_SIZE } = work;
  await owner.query("BEGIN");
  try {
    await lock(owner, schema, allTables(projector), "SHARE UPDATE EXCLUSIVE", VACUUM_LOCK_MS);
    await owner.query("SELECT FROM consumer_checkpoints WHERE name = $1 FOR UPDATE", [projector.name]);
    await filling.look();
    if (filling.target - filling.position > SPAN) return await giveUp(owner);
    while (filling.position < filling.target) if ((await fillPage(work)) === batchSize) return await giveUp(owner);
    await lock(owner, schema, allTables(projector), "ACCESS EXCLUSIVE", SWAP_LOCK_MS);
    await run.settle(filling.position);
    await replaceTables(owner, schema, scratch, allTables(projector));
    await owner.query("COMMIT");
    return true;
  } catch (error) {
    await giveUp(owner).catch(() => undefined); // without its session nothing of it is left anyway
    if (isServerError(error) && error.code === LOCK_TIMEOUT) return false;
    throw error;
  }
}

async function giveUp(owner: pg.Client): Promise<false> {
  await owner.query("ROLLBACK");
  return false;
}
