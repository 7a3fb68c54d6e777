import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { CombatSession } from "../../client/client.ts";
import type { CombatCommandMessage } from "../../client/combat.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { ownerNow, type TestCluster, useCluster } from "../support/cluster.ts";
import { type Fight, isOver, isTurnOf, joinAs, play, readLog, snapshotsOf, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { joinRaw } from "../support/raw-client.ts";
import { expectNothingBesideTheLog, type Seen, watch } from "../support/seen.ts";

const database = useDatabase();
const cluster: TestCluster = useCluster(database);
const DEFEND: CombatCommandMessage = { type: "ExecuterAction", typeAction: "DEFENSE" };
const PATIENT = { heartbeatMs: 600_000 };

/** Straight to one node, past the balancer. */
function doorOf(name: string): string {
  return cluster.process(name).gameUrl ?? "";
}

async function firmly(join: () => Promise<CombatSession>): Promise<CombatSession> {
  for (;;) {
    try {
      return await join();
    } catch (error) {
      // A room that has just lost its aggregate lets nobody in; whoever asks again finds the other.
      if (!(error instanceof Error)) throw error;
      await sleep(50);
    }
  }
}

/** To the end, in which all agree: with each other and with the log, in which nothing stands twice. */
async function playOut(
  fight: Fight,
  alix: CombatSession,
  bruno: CombatSession,
  ...seen: readonly Seen[]
): Promise<void> {
  await Promise.all([play(alix, fight.alix), play(bruno, fight.bruno)]);
  const log = await readLog(cluster.apiUrl, fight.combatId);
  expect(log.map(({ version }) => version)).toEqual(log.map((_, i) => i + 1));
  for (const session of [alix, bruno]) expect(await session.until(isOver)).toEqual(snapshotsOf(log).at(-1));
  expectNothingBesideTheLog(log, ...seen);
  await Promise.all([alix.leave(), bruno.leave()]);
}

const cameAgain = ({ statuses }: Seen): boolean => statuses.some((one) => one.startsWith("resuming 4101"));

test("[NODE-4] a stalled create: two nodes make a room of one combat, one writes, and the other leaves", async () => {
  const fight = await startFight(cluster.apiUrl);
  await ownerNow(cluster, fight.combatId);
  const sessions = await withClient(database.url, async (holder) => {
    await holder.query("BEGIN");
    // Its owner is gone, and whoever takes it over has to wait.
    await holder.query("UPDATE stream_heads SET owner_node = 'gone' WHERE aggregate_id = $1", [fight.combatId]);
    await holder.query("COMMIT; BEGIN");
    await holder.query("SELECT 1 FROM stream_heads WHERE aggregate_id = $1 FOR UPDATE", [fight.combatId]);
    const joining = [
      firmly(() => joinAs(doorOf("game-1"), fight.combatId, fight.alix)),
      firmly(() => joinAs(doorOf("game-2"), fight.combatId, fight.bruno)),
    ] as const;
    for (let waiting = 0; waiting < 1; await sleep(5)) {
      const [row] = await rowsOf<{ n: number }>(
        database.url,
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      waiting = row?.n ?? 0;
    }
    await holder.query("ROLLBACK");
    return Promise.all(joining);
  });
  const seen = sessions.map(watch);
  await playOut(fight, ...sessions, ...seen);
});

test("[NODE-4] an owner that the database takes for dead: it and its successor both have a room, one writes, and the other leaves", async () => {
  const fight = await startFight(cluster.apiUrl);
  const { owner, other } = await ownerNow(cluster, fight.combatId);
  const alix = await joinAs(doorOf(owner.name), fight.combatId, fight.alix);
  const before = watch(alix);
  await rowsOf(database.url, "UPDATE stream_heads SET owner_node = 'gone', epoch = epoch + 1 WHERE aggregate_id = $1", [
    fight.combatId,
  ]);
  const bruno = await firmly(() => joinAs(doorOf(other.name), fight.combatId, fight.bruno));
  const after = watch(bruno);
  const state = await bruno.until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  const active = isTurnOf(state, fight.alix) ? alix : bruno;
  expect(await active.command(DEFEND)).toMatchObject({ ok: true });
  await playOut(fight, alix, bruno, before, after);
  // One of the two rooms was left by whoever was in it.
  expect([before, after].filter(cameAgain).length).toBeGreaterThan(0);
});

test("[NODE-5] a paused node: its room and its successor's are both there when it wakes, and what is asked of the first is done by the second", async () => {
  const fight = await startFight(cluster.apiUrl);
  const { owner, other } = await ownerNow(cluster, fight.combatId);
  const alix = await joinAs(cluster.gameUrl, fight.combatId, fight.alix, PATIENT);
  const seen = watch(alix);
  await owner.kill("SIGSTOP");
  // It is asked, does not answer, and loses the combat to whoever was asked: before it counts as dead.
  const bruno = await firmly(() => joinAs(doorOf(other.name), fight.combatId, fight.bruno));
  expect((await ownerNow(cluster, fight.combatId, owner)).owner.name).toBe(other.name);
  const seenByBruno = watch(bruno);
  const state = await bruno.until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
  const asked = isTurnOf(state, fight.alix) ? alix.command(DEFEND) : bruno.command(DEFEND);
  await owner.kill("SIGCONT");
  expect(await asked).toMatchObject({ ok: true });
  await playOut(fight, alix, bruno, seen, seenByBruno);
  expect(cameAgain(seen)).toBe(true);
});

test("[NODE-6] deleted listings and false ones: whoever asks, through whichever node, comes to the same room", async () => {
  const fight = await startFight(cluster.apiUrl);
  const { owner, other } = await ownerNow(cluster, fight.combatId);
  const first = await joinRaw(doorOf(owner.name), fight.combatId, fight.alix);
  const redis = new Redis(cluster.redisUrl);
  try {
    const listed = async (): Promise<readonly string[]> =>
      Object.values(await redis.hgetall("roomcaches")).filter((one) => one.includes(fight.combatId));
    while ((await listed()).length === 0) await sleep(20);
    expect(JSON.parse((await listed())[0] ?? "")).toMatchObject({ name: "combat", roomId: first.roomId });
    await redis.del("roomcaches");
    const second = await joinRaw(doorOf(other.name), fight.combatId, fight.bruno);
    expect(second.roomId).toBe(first.roomId);
    second.destroy();
    const lie = {
      name: "combat",
      combatId: fight.combatId,
      roomId: "lie",
      processId: "gone",
      clients: 1,
      maxClients: 9,
    };
    await redis.hset("roomcaches", "lie", JSON.stringify(lie));
    const third = await joinRaw(doorOf(other.name), fight.combatId, fight.bruno);
    expect(third.roomId).toBe(first.roomId);
    third.destroy();
  } finally {
    redis.disconnect();
    first.destroy();
  }
});

test("[NODE-7] a Redis that is cut: rooms are found, made and left as before, and its return is noticed", async () => {
  const fight = await startFight(cluster.apiUrl);
  const { owner, other } = await ownerNow(cluster, fight.combatId);
  const alix = await joinAs(doorOf(owner.name), fight.combatId, fight.alix);
  const seen = watch(alix);
  const redis = cluster.process("redis");
  await redis.kill("SIGKILL");
  const raw = [
    await joinRaw(doorOf(owner.name), fight.combatId, fight.alix),
    await joinRaw(doorOf(other.name), fight.combatId, fight.bruno),
  ];
  expect(raw[1]?.roomId).toBe(raw[0]?.roomId);
  for (const one of raw) one.destroy();
  const bruno = await joinAs(doorOf(other.name), fight.combatId, fight.bruno);
  const another = await startFight(cluster.apiUrl);
  const elsewhere = await joinAs(cluster.gameUrl, another.combatId, another.alix);
  await redis.start();
  const client = new Redis(cluster.redisUrl);
  while (!Object.values(await client.hgetall("roomcaches")).some((one) => one.includes(another.combatId)))
    await sleep(50);
  client.disconnect();
  await elsewhere.leave();
  await playOut(fight, alix, bruno, seen);
});
