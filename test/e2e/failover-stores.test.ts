import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import type { CombatSession } from "../../client/client.ts";
import type { Answer } from "../../domain/codes.ts";
import { type Fight, isOver, joinAs, keepAnswers, play, readLog, snapshotsOf, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { type PrivateServer, startPrivateServer } from "../support/private-server.ts";
import { type PrivateRedis, startPrivateRedis } from "../support/redis.ts";
import { type ReplicatedServer, startReplicatedServer } from "../support/replicated-server.ts";
import { FAST, type TestServerProcess, useServerProcess } from "../support/server-process.ts";
import { usePlace } from "../support/use-place.ts";

const FIGHTS = 2;

interface Played {
  readonly fight: Fight;
  readonly sessions: readonly [CombatSession, CombatSession];
  readonly answers: Map<string, Answer>;
  readonly over: Promise<unknown>;
}

/** Two players who play a fight to its end, and keep what they were answered. */
async function begin(server: TestServerProcess): Promise<Played> {
  const fight = await startFight(server.apiUrl);
  const sessions = [
    await joinAs(server.gameUrl, fight.combatId, fight.alix),
    await joinAs(server.gameUrl, fight.combatId, fight.bruno),
  ] as const;
  const answers = new Map<string, Answer>();
  const over = Promise.all([
    play(sessions[0], fight.alix, undefined, keepAnswers(sessions[0], answers)),
    play(sessions[1], fight.bruno, undefined, keepAnswers(sessions[1], answers)),
  ]);
  over.catch(() => undefined); // reported by whoever waits for it
  return { fight, sessions, answers, over };
}

/** Until each fight has gone on by some versions, or is over. */
async function goOn(played: readonly Played[]): Promise<void> {
  await Promise.all(
    played.map(({ sessions: [session] }) => {
      const { version } = session.state;
      return session.until((state) => state.version > version + 2 || isOver(state));
    }),
  );
}

/** Every answer is in the log, once, nothing else is, and all have seen the end as it is there. */
async function verify(server: TestServerProcess, played: readonly Played[]): Promise<void> {
  for (const { fight, sessions, answers, over } of played) {
    await over;
    const log = await readLog(server.apiUrl, fight.combatId);
    expect(log.map(({ version }) => version)).toEqual(log.map((_, i) => i + 1));
    expect([...answers.values()].filter(({ ok }) => ok).length).toBeGreaterThan(2);
    for (const [commandId, answer] of answers) {
      const events = log.filter(({ metadata }) => metadata.commandId === commandId);
      const told = answer.ok ? answer.events : [];
      expect(events.map(({ version, sequence }) => ({ version, sequence }))).toEqual(
        told.map(({ version, sequence }) => ({ version, sequence })),
      );
    }
    for (const session of sessions) {
      expect(session.status).toBe("connected");
      expect(await session.until(isOver)).toEqual(snapshotsOf(log).at(-1));
      await session.leave();
    }
  }
}

const begun = (server: TestServerProcess) => Promise.all(Array.from({ length: FIGHTS }, () => begin(server)));

describe("PostgreSQL", () => {
  describe("restarted", () => {
    const place = usePlace<PrivateServer>(startPrivateServer, (server) => server.dispose());
    const server = useServerProcess(place);

    test("[FAILOVER-1] stopped or killed under load, and started again: a pause, and nothing that was answered is lost or done twice", async () => {
      const played = await begun(server);
      for (const way of ["stop", "kill"] as const) {
        await goOn(played);
        await place.current[way]();
        await until(async () => (await fetch(`${server.apiUrl}/readyz`)).status === 503);
        await place.current.start();
      }
      await verify(server, played);
    });
  });

  describe("with a standby", () => {
    const place = usePlace<ReplicatedServer>(startReplicatedServer, (server) => server.dispose());
    const server = useServerProcess(place);

    test("[FAILOVER-2] killed under load, its standby takes over: nothing that was answered is lost or done twice; a standby is not used before it takes writes", async () => {
      const played = await begun(server);
      await goOn(played);
      await place.current.killPrimary();
      place.current.switchOver();
      const answer = async (): Promise<string> => {
        const reply = await fetch(`${server.apiUrl}/readyz`);
        return `${reply.status} ${await reply.text()}`;
      };
      // It answers reads, and would say what was true a moment ago.
      await until(async () => (await answer()).startsWith("503"));
      for (let looks = 0; looks < 5; looks += 1) {
        expect(await answer()).toContain("UNAVAILABLE");
        await sleep(50);
      }
      await place.current.promote();
      await verify(server, played);
      await until(async () => (await answer()).startsWith("200"));
    });
  });
});

describe("Redis", () => {
  const env: Record<string, string> = { ...FAST };
  const place = usePlace<PrivateRedis>(
    async () => {
      const redis = await startPrivateRedis();
      if (redis === undefined) throw new Error("there is no redis-server");
      env["REDIS_URL"] = redis.url;
      return redis;
    },
    (redis) => redis.stop(),
  );
  const server = useServerProcess(useDatabase(), env);

  test("[FAILOVER-3] killed, away and flushed under load: fights go on, players join and come back meanwhile", async () => {
    const played = await begun(server);
    await goOn(played);
    await place.current.kill();
    await goOn(played);
    const [later] = await Promise.all([begin(server), goOn(played)]);
    await place.current.start();
    await goOn(played);
    const client = new Redis(place.current.url);
    await client.flushall();
    client.disconnect();
    await verify(server, [...played, later]);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}
