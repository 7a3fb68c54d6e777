import { readdir, readFile } from "node:fs/promises";

/** The children of a process, on Linux: PostgreSQL's sessions leave its group, so that a signal to the group misses them. */
export async function childrenOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  // pid (name) state ppid ...; the name may hold anything but ends with the last parenthesis.
  return pids.filter((_, i) => Number(stats[i]?.split(")").at(-1)?.split(" ")[2]) === parent).map(Number);
}
