import { readdir, readFile } from "node:fs/promises";
export async function childrenOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return pids.filter((_, i) => Number(stats[i]?.split(")").at(-1)?.split(" ")[2]) === parent).map(Number);
}
