import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { startCluster } from "../../server/cluster/cluster.ts";
import { rowsOf } from "../support/client.ts";
import { makeFolder } from "../support/servers.ts";

async function isUp(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    ({ status }) => status === 200,
    () => false,
  );
}

test("[NODE-13] a set with a database and a Redis of its own: its processes are killed, paused and started again, and it ends whole", async () => {
  const folder = await makeFolder(inject("runFolder"));
  const lines: string[] = [];
  const cluster = await startCluster({
    ...{ folder: folder.path, games: 1, env: { DEMO_WORLD: "false" } },
    onLog: (name, line) => lines.push(`${name} ${line}`),
  });
  try {
    expect(cluster.processes.map(({ name, role }) => `${name} ${role}`)).toEqual([
      ...["postgres postgres", "redis redis", "game-1 game", "api-1 api", "projector-1 projector", "balancer balancer"],
    ]);
    const [postgres, redis, , api] = cluster.processes;
    if (postgres === undefined || redis === undefined || api === undefined) throw new Error("one is missing");
    await expect.poll(() => isUp(`${cluster.apiUrl}/readyz`)).toBe(true);

    await api.kill("SIGKILL");
    expect(api.pid()).toBeUndefined();
    expect(await isUp(`${cluster.apiUrl}/healthz`)).toBe(false);
    await api.start();
    await expect.poll(() => isUp(`${cluster.apiUrl}/readyz`)).toBe(true);

    await api.kill("SIGSTOP");
    await expect.poll(() => isUp(`${cluster.apiUrl}/healthz`)).toBe(false);
    await api.kill("SIGCONT");
    await expect.poll(() => isUp(`${cluster.apiUrl}/healthz`)).toBe(true);

    const url = cluster.databaseUrl;
    await postgres.kill("SIGKILL");
    await expect(rowsOf(url, "SELECT 1")).rejects.toThrow();
    await Promise.all([postgres.start(), redis.kill("SIGTERM").then(() => redis.start())]);
    expect(await rowsOf(url, "SELECT count(*)::int AS n FROM nodes")).toEqual([{ n: expect.any(Number) }]);
    await expect.poll(() => isUp(`${cluster.apiUrl}/readyz`)).toBe(true);
    expect(await readFile(join(folder.path, "logs", "api-1.log"), "utf8")).toMatch(/ready: API/);
    expect(lines.some((line) => /^api-1 .*ready: API/.test(line))).toBe(true);
  } finally {
    await cluster.stop();
    await folder.remove();
  }
  expect(cluster.processes.map((one) => one.pid())).toEqual(cluster.processes.map(() => undefined));
}, 180_000);
