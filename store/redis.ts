import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from "cockatiel";
import { Redis, ReplyError } from "ioredis";

/** What ended without an answer: Redis was not asked, did not answer in time, failed, or refused what it was asked for. */
export type RedisLoss = "open" | "away" | "slow" | "refused";

export interface RedisOptions {
  readonly url: string;
  /** The tenant's, before every key and channel. */
  readonly prefix?: string;
  /** ms that a call may take; default 50. */
  readonly timeoutMs?: number;
  /** ms for which nothing is asked after several failures in a row; default 1,000. */
  readonly restMs?: number;
  /** A call that Redis has answered, after so many seconds. */
  readonly onAnswer?: (seconds: number) => void;
  /** A call that came to nothing, by why. */
  readonly onLoss?: (loss: RedisLoss) => void;
  /** Told of errors of the connection, and of calls that Redis refused, which are bugs; not of each call while it is away. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * Redis as something that may be missing: whoever uses it does without when it is slow or away, and nobody waits for a
 * time-out more than a few times before it is left alone for a while.
 */
export interface GuardedRedis {
  /** The key or channel of this name, as it is in Redis. */
  key(name: string): string;
  /**
   * Undefined: it came to nothing, or nobody knows whether it came to something. A pipeline's `exec` does not reject for the
   * commands in it: look at each of its answers.
   */
  use<T>(work: (redis: Redis) => Promise<T>): Promise<{ readonly value: T } | undefined>;
  /** Whether a call would be let through. */
  readonly usable: boolean;
  /** Counts connections: what is sent while it stands at one number goes over that connection, or fails. */
  readonly connection: number;
  /** Called when there is a connection again: what is in Redis may be anything, and what was lost meanwhile stays lost. */
  onConnect(listener: () => void): () => void;
  close(): Promise<void>;
}

const LONGEST_RETRY_MS = 2_000;
const FAILURES_IN_A_ROW = 5;
/** ms without a byte, while an answer is due, after which the connection is given up: a cut that nobody told of. */
const SILENCE_MS = 5_000;
/** Refusals that are no bug of ours: it is full, a replica, loading, or busy with a script. */
const UNFIT = /^(OOM|READONLY|LOADING|BUSY|MISCONF|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN)\b/;

/** Lua that runs the commands of ARGV from `at` on: each is its length, its name, the number of its key, and its arguments. */
export const RUN_COMMANDS = `
while at <= #ARGV do
  local length = tonumber(ARGV[at])
  local command = { ARGV[at + 1], KEYS[tonumber(ARGV[at + 2])] }
  for i = at + 3, at + length do command[#command + 1] = ARGV[i] end
  redis.call(unpack(command))
  at = at + length + 1
end`;

/** The connection has ended, which its status may tell a little later. */
const CONNECTION_LOST = /connection is closed|stream isn't writeable|command aborted|socket|ECONN|EPIPE|ETIMEDOUT/i;

export function createRedis({ url, prefix = "", timeoutMs = 50, restMs = 1_000, ...told }: RedisOptions): GuardedRedis {
  const listeners = new Set<() => void>();
  const redis = new Redis(url, {
    retryStrategy: (tries: number) => Math.min(LONGEST_RETRY_MS, 50 * 2 ** tries),
    // Nothing waits for a connection, and nothing is sent twice.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    socketTimeout: SILENCE_MS,
  });
  redis.on("error", (error: unknown) => told.onFault?.(error));
  let connection = 0;
  // Told before it is ready, and so before anything is sent over it.
  redis.on("connect", () => {
    connection += 1;
  });
  redis.on("ready", () => {
    for (const listener of listeners) listener();
  });
  function lossOf(error: unknown): RedisLoss {
    if (error instanceof BrokenCircuitError) return "open";
    if (error instanceof TaskCancelledError) return "slow";
    const text = error instanceof Error ? error.message : "";
    const lost =
      error instanceof ReplyError ? UNFIT.test(text) : redis.status !== "ready" || CONNECTION_LOST.test(text);
    if (lost) return "away";
    // Refused by Redis, or the work itself threw: a bug either way, and no reason to leave Redis alone.
    return "refused";
  }

  const breaker = circuitBreaker(
    handleWhen((error) => lossOf(error) !== "refused"),
    { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW) },
  );
  let brokenAt = Number.NEGATIVE_INFINITY;
  breaker.onBreak(() => {
    brokenAt = performance.now();
  });
  const policy = wrap(breaker, timeout(timeoutMs, TimeoutStrategy.Aggressive));

  return {
    key: (name) => `${prefix}${name}`,
    async use(work) {
      const start = performance.now();
      try {
        const value = await policy.execute(() => work(redis));
        told.onAnswer?.((performance.now() - start) / 1_000);
        return { value };
      } catch (error) {
        const loss = lossOf(error);
        told.onLoss?.(loss);
        if (loss === "refused") told.onFault?.(error);
        return undefined;
      }
    },
    get usable() {
      // Closed again it is by a call: when it may be tried, somebody has to.
      const resting = breaker.state === CircuitState.Open && performance.now() - brokenAt < restMs;
      return redis.status === "ready" && !resting;
    },
    get connection() {
      return connection;
    },
    onConnect(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    async close() {
      redis.disconnect();
    },
  };
}
