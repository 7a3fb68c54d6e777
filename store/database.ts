import pg from "pg";
import { StandbyError } from "./pg-errors.ts";

export interface DatabaseConfig {
  readonly url: string;
  /** The tenant's PostgreSQL schema; default `public`. */
  readonly schema?: string;
  /** Connections at most; default 10. */
  readonly poolSize?: number;
  /** ms after which the server ends a statement; default 5,000. */
  readonly statementTimeoutMs?: number;
  /** ms after which a statement that has not answered counts as lost with its connection; default statementTimeoutMs + 2,000. */
  readonly answerTimeoutMs?: number;
  /** ms to wait for a connection, a free one or a new one; default 3,000. */
  readonly connectTimeoutMs?: number;
  readonly applicationName?: string;
}

const TIMESTAMPTZ = 1184;
const INT8 = 20;

// The session's time zone is UTC, so the text is "2026-01-31 12:00:00.12+00": a Date in between costs 2 µs an event.
// PostgreSQL cuts the fraction's zeros; an event is read as it was written, with its milliseconds.
function timestampToIso(text: string): string {
  const time = text.slice(11, -3);
  const milliseconds = time.length === 8 ? `${time}.000` : time.padEnd(12, "0");
  return `${text.slice(0, 10)}T${milliseconds}Z`;
}

const parsers = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === TIMESTAMPTZ) return timestampToIso;
    if (oid === INT8) return Number;
    return pg.types.getTypeParser(oid, format as "text");
  },
} as pg.CustomTypesConfig;

/** Knows of its server, as the server says it when the connection comes about, whether it follows another. */
class Connection extends pg.Client {
  isStandby = false;

  constructor(config?: pg.ClientConfig) {
    super(config);
    // Not among what is public of a client, and the only way that costs no statement.
    const { connection } = this as unknown as { readonly connection: NodeJS.EventEmitter };
    connection.on("parameterStatus", ({ parameterName, parameterValue }) => {
      if (parameterName === "in_hot_standby") this.isStandby = parameterValue === "on";
    });
  }
}

/**
 * A pool whose sessions have taken on the application's role, so that the database refuses what the application must not do.
 * Every statement is bounded in time on both sides: a long transaction anywhere holds back vacuum, a lost one its caller.
 */
export function createPool(config: DatabaseConfig): pg.Pool {
  const statementTimeout = config.statementTimeoutMs ?? 5_000;
  const settings = [
    `search_path=${config.schema ?? "public"}`,
    "timezone=UTC",
    `statement_timeout=${statementTimeout}`,
    "lock_timeout=2000",
    "idle_in_transaction_session_timeout=5000",
    "role=aether_app",
    // The statements are few and their best plans do not hang on their values; planning over the partitions costs 0.4 ms each.
    "plan_cache_mode=force_generic_plan",
  ];
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.poolSize ?? 10,
    query_timeout: config.answerTimeoutMs ?? statementTimeout + 2_000,
    connectionTimeoutMillis: config.connectTimeoutMs ?? 3_000,
    application_name: config.applicationName ?? "aether-engine",
    options: settings.map((setting) => `-c ${setting}`).join(" "),
    types: parsers,
    keepAlive: true,
    Client: Connection,
    verify: (client, done) => done((client as pg.PoolClient & Connection).isStandby ? new StandbyError() : undefined),
  });
  // A connection that breaks is replaced on the next use, and fails the statement that waits on it. Without a listener it
  // would end the process: an idle one through its pool, one in use between two statements by itself.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** So much waits for a connection already that more would only wait in vain. */
export class PoolBusyError extends Error {
  override readonly name = "PoolBusyError";
}

/** The pool for statements of which no more than so many wait for a connection. @throws PoolBusyError at once, for one more */
export function limitWaiting(pool: pg.Pool, atMost: number, onQuery?: () => void): Pick<pg.Pool, "query"> {
  return {
    query: ((...args: Parameters<pg.Pool["query"]>) => {
      onQuery?.();
      if (pool.waitingCount < atMost) return pool.query(...args);
      return Promise.reject(new PoolBusyError(`${atMost} statements wait for a connection`));
    }) as pg.Pool["query"],
  };
}
