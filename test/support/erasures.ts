import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { call } from "./adventure.ts";
import { keysWith, rowsWith } from "./named.ts";
import type { TestDatabase } from "./postgres.ts";
import { type PrivateRedis, startPrivateRedis } from "./redis.ts";
import { FAST, useServerProcess } from "./server-process.ts";

/** A server with a Redis of its own, what an operator does there to have somebody forgotten, and where a name still stands. */
export function useErasures(database: TestDatabase, settings: Readonly<Record<string, string>> = {}) {
  const env: Record<string, string> = { ...FAST, ...settings };
  let own: { readonly server: PrivateRedis; readonly client: Redis } | undefined;
  beforeAll(async () => {
    const redis = await startPrivateRedis();
    if (redis === undefined) throw new Error("there is no redis-server");
    own = { server: redis, client: new Redis(redis.url) };
    env["REDIS_URL"] = redis.url;
  });
  const server = useServerProcess(database, env);
  afterAll(async () => {
    own?.client.disconnect();
    await own?.server.stop();
  });

  const client = (): Redis => {
    if (own === undefined) throw new Error("Redis has not been started");
    return own.client;
  };
  const forget = (id: string, method = "POST") =>
    call(server.apiUrl, `/admin/players/${id}/forget`, "admin", { method, ...(method === "POST" && { body: {} }) });
  const finishedAt = async (id: string) => (await forget(id, "GET")).body["finishedAt"];
  return {
    server,
    forget,
    finishedAt,
    /** Where a node was killed in the middle of it, another one waits for its lease to run out. */
    async finished(id: string): Promise<void> {
      while ((await finishedAt(id)) === null) await sleep(100);
    },
    rowsWith: (mark: string) => rowsWith(database, mark),
    keysWith: (mark: string) => keysWith(client(), mark),
    /** What a combat that others read from Redis says of how far it is. */
    mirroredState: (combatId: string) => client().hget(`combat:${combatId}:state`, "etat"),
  };
}
