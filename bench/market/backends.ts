import { readFile } from "node:fs/promises";
import type pg from "pg";

const TICK_MS = 10;

/** CPU time of all backends of the pool's database so far, ms; undefined where PostgreSQL is not on this machine. */
export async function backendCpu(pool: pg.Pool): Promise<number | undefined> {
  const { rows } = await pool.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()",
  );
  try {
    const stats = await Promise.all(rows.map(({ pid }) => readFile(`/proc/${pid}/stat`, "utf8")));
    // After the name in brackets, the 12th and 13th fields: user and system time in clock ticks (proc(5)).
    const ticks = stats.map((stat) =>
      stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(11, 13),
    );
    return ticks.flat().reduce((sum, one) => sum + Number(one) * TICK_MS, 0);
  } catch {
    return undefined;
  }
}
