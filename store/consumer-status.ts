import type pg from "pg";
import type { FaultText } from "./sink.ts";

/**
 * - `working`: this node took the last batch; `standby`: another one did.
 * - `failing`: it tries again by itself; `lastError` says why.
 * - `stopped`: the log holds an event that this node's code cannot read. Only newer code can go on.
 */
export type ConsumerState = "working" | "standby" | "failing" | "stopped";

export interface ConsumerStatus {
  readonly name: string;
  readonly state: ConsumerState;
  readonly position: number;
  /** Sequence numbers between the position and the end of the log: at least as many as events. */
  readonly lagEvents: number;
  /** Since the first event was written that it has not seen; 0 if there is none. */
  readonly lagSeconds: number;
  /** Events that failed, and events parked behind them. */
  readonly failed: number;
  readonly parked: number;
  /** Kept after recovery. */
  readonly lastError?: FaultText & { readonly at: string };
}

export interface Lag extends Pick<ConsumerStatus, "position" | "lagEvents" | "lagSeconds" | "failed" | "parked"> {
  readonly owner: string | null;
}

/** `seen`: how far this node knows that nothing is left to take. What has not begun yet has everything left. */
export async function readLag(pool: pg.Pool, name: string, seen: number): Promise<Lag> {
  const { rows } = await pool.query<Lag>({
    name: "consumer_lag",
    text: `SELECT c.owner AS owner, c.position AS position, coalesce(last.n, c.position) - c.position AS "lagEvents",
             coalesce(extract(epoch FROM clock_timestamp() - next.at), 0)::float8 AS "lagSeconds", d.failed, d.parked
           FROM (SELECT max(owner_node) AS owner, greatest(max(position), $2) AS position FROM consumer_checkpoints WHERE name = $1) AS c
           LEFT JOIN LATERAL (SELECT event_sequence AS n FROM evenements_tous WHERE event_sequence > c.position
             ORDER BY event_sequence DESC LIMIT 1) AS last ON true
           LEFT JOIN LATERAL (SELECT created_at AS at FROM evenements_tous WHERE event_sequence > c.position
             ORDER BY event_sequence LIMIT 1) AS next ON true
           CROSS JOIN (SELECT count(*) FILTER (WHERE state = 'FAILED') AS failed, count(*) FILTER (WHERE state = 'PARKED') AS parked
             FROM dead_letters WHERE consumer = $1 AND state IN ('FAILED', 'PARKED')) AS d`,
    values: [name, seen],
  });
  const [lag] = rows;
  if (lag === undefined) throw new Error("an aggregate without a row");
  return lag;
}
