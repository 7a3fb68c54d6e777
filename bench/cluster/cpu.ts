import { readFile } from "node:fs/promises";
import { childrenOf } from "../../server/cluster/processes-of.ts";

/** Linux counts in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that a process has used, and its children with it: PostgreSQL works in them. Linux alone tells. */
export async function cpuSeconds(pid: number): Promise<number> {
  const pids = [pid, ...(await childrenOf(pid))];
  const stats = await Promise.all(pids.map((one) => readFile(`/proc/${one}/stat`, "utf8").catch(() => "")));
  const ticks = stats.map((stat) => {
    // After the name, which may hold anything but ends with the last parenthesis, utime and stime are the 12th and 13th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND;
}
