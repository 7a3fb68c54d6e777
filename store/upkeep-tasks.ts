import type pg from "pg";
import type { FaultText } from "./sink.ts";

type Queryable = Pick<pg.ClientBase, "query">;

export type TaskOutcome = "DONE" | "FAILED" | "INTERRUPTED";

/** Something that is done from time to time, by one node of all. Times are ISO 8601. */
export interface TaskStatus {
  readonly name: string;
  readonly everyMs: number;
  readonly running: boolean;
  readonly nextRunAt: string;
  /** Of the run under way or the last one. */
  readonly nodeId: string | null;
  readonly startedAt: string | null;
  readonly done: number;
  /** Of the last run that ended. */
  readonly endedAt: string | null;
  readonly outcome: TaskOutcome | null;
  readonly code: string | null;
  readonly error: string | null;
  readonly succeededAt: string | null;
  /** Runs that failed since the last that did not. */
  readonly failures: number;
}

/** A run of a task that this node has taken. */
export interface TaskRun {
  readonly name: string;
  readonly run: number;
  readonly failures: number;
}

const COLUMNS = `name, every_ms AS "everyMs", coalesce(leased_until > clock_timestamp(), false) AS running, next_run_at AS "nextRunAt",
  node_id AS "nodeId", started_at AS "startedAt", done, ended_at AS "endedAt", outcome, code, error, succeeded_at AS "succeededAt", failures`;

/** Makes the tasks known. One that is new is due at once; one that is to be run more often than before is so from now on. */
export async function declareTasks(
  pool: Queryable,
  tasks: readonly { readonly name: string; readonly everyMs: number }[],
): Promise<void> {
  await pool.query(
    `INSERT INTO upkeep_tasks AS t (name, every_ms, next_run_at)
       SELECT name, every_ms, now() FROM unnest($1::text[], $2::bigint[]) AS n (name, every_ms) ORDER BY name
     ON CONFLICT (name) DO UPDATE SET every_ms = excluded.every_ms,
       next_run_at = least(t.next_run_at, now() + excluded.every_ms * interval '1 ms')
       WHERE t.every_ms <> excluded.every_ms`,
    [tasks.map(({ name }) => name), tasks.map(({ everyMs }) => everyMs)],
  );
}

export async function listTasks(pool: Queryable, names: readonly string[]): Promise<readonly TaskStatus[]> {
  const { rows } = await pool.query<TaskStatus>(
    `SELECT ${COLUMNS} FROM upkeep_tasks WHERE name = ANY ($1::text[]) ORDER BY name`,
    [names],
  );
  return rows;
}

/** Has a task run as soon as a node gets to it; if it is under way, once more when it has ended. Undefined: there is no such task. */
export async function requestTask(pool: Queryable, name: string): Promise<TaskStatus | undefined> {
  const { rows } = await pool.query<TaskStatus>(
    `UPDATE upkeep_tasks SET requested_at = clock_timestamp(), next_run_at = least(next_run_at, now()) WHERE name = $1
     RETURNING ${COLUMNS}`,
    [name],
  );
  return rows[0];
}

/** Takes tasks that are due and that nobody is at, those first that are due the longest. They are this node's until the lease ends. */
export async function takeTasks(
  pool: Queryable,
  nodeId: string,
  { names, limit, leaseMs }: { readonly names: readonly string[]; readonly limit: number; readonly leaseMs: number },
): Promise<readonly TaskRun[]> {
  const { rows } = await pool.query<TaskRun>(
    `UPDATE upkeep_tasks t SET run = run + 1, node_id = $1, done = 0, started_at = clock_timestamp(),
       leased_until = clock_timestamp() + $4::bigint * interval '1 ms'
     FROM (SELECT name FROM upkeep_tasks
           WHERE name = ANY ($2::text[]) AND next_run_at <= now() AND coalesce(leased_until < now(), true)
           ORDER BY next_run_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
     WHERE t.name = due.name RETURNING t.name, t.run, t.failures`,
    [nodeId, names, limit, leaseMs],
  );
  return rows;
}

/** Says that a run goes on. False: it is another one's by now. */
export async function prolongTask(
  pool: Queryable,
  { name, run }: TaskRun,
  done: number,
  leaseMs: number,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE upkeep_tasks SET done = $3, leased_until = clock_timestamp() + $4::bigint * interval '1 ms'
     WHERE name = $1 AND run = $2 AND leased_until IS NOT NULL`,
    [name, run, done, leaseMs],
  );
  return rowCount === 1;
}

export interface TaskEnd {
  readonly outcome: TaskOutcome;
  readonly fault?: FaultText | undefined;
  readonly done: number;
  /** ms until the next run, unless one was asked for meanwhile. */
  readonly nextInMs: number;
}

/** Ends a run. False: it is another one's by now, and stands as that one says. */
export async function settleTask(
  pool: Queryable,
  { name, run }: TaskRun,
  { outcome, fault, done, nextInMs }: TaskEnd,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE upkeep_tasks SET leased_until = NULL, ended_at = now(), outcome = $3, code = $4, error = $5, done = $6,
       succeeded_at = CASE $3 WHEN 'DONE' THEN now() ELSE succeeded_at END,
       failures = CASE $3 WHEN 'DONE' THEN 0 WHEN 'FAILED' THEN failures + 1 ELSE failures END,
       next_run_at = CASE WHEN requested_at > started_at THEN now() ELSE now() + $7::bigint * interval '1 ms' END
     WHERE name = $1 AND run = $2 AND leased_until IS NOT NULL`,
    [name, run, outcome, fault?.code.slice(0, 200), fault?.message.slice(0, 2_000), done, Math.round(nextInMs)],
  );
  return rowCount === 1;
}
