import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/**
 * While `work` runs, every append to this stream waits at its head row: nothing of it can become durable. `blocked`
 * resolves when one waits. No longer than the append's lock timeout, or it gives up.
 */
export async function holdAppends<T>(
  databaseUrl: string,
  aggregateId: string,
  work: (blocked: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const [holder, observer] = [new pg.Client(databaseUrl), new pg.Client(databaseUrl)];
  await Promise.all([holder.connect(), observer.connect()]);
  try {
    await holder.query("BEGIN");
    const { rows: held } = await holder.query<{ pid: number }>(
      "SELECT pg_backend_pid() AS pid FROM stream_heads WHERE aggregate_id = $1 FOR UPDATE",
      [aggregateId],
    );
    return await work(async () => {
      for (;;) {
        // Others may wait for other locks, whose holders are gone in a moment.
        const { rows } = await observer.query(
          "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND $1 = ANY (pg_blocking_pids(pid))",
          [held[0]?.pid],
        );
        if (rows.length > 0) return;
        await sleep(2);
      }
    });
  } finally {
    await holder.query("ROLLBACK");
    await Promise.all([holder.end(), observer.end()]);
  }
}
