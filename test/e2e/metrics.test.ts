import { afterAll, beforeAll, expect, test } from "vitest";
import { metricsDescribed } from "../../docs/generate/metrics-page.ts";
import { startServerProcess } from "../../server/demo-server.ts";
import { eventually } from "../store/taken.ts";
import { type Fight, isOver, joinAs, play, post, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { joinRaw, joinRoomRaw } from "../support/raw-client.ts";
import { findRedis, type TestRedis } from "../support/redis.ts";
import { type Scrape, scrape } from "../support/scrape.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { watch } from "../support/watch.ts";

const env: Record<string, string> = { ...FAST, MALFORMED_FRAMES: "3", REDIS_PREFIX: `${crypto.randomUUID()}:` };
let redis: TestRedis;
beforeAll(async () => {
  redis = await findRedis();
  env["REDIS_URL"] = redis.url;
});
afterAll(() => redis.stop());

const database = useDatabase();
const server = useServerProcess(database, env);

const now = (): Promise<Scrape> => scrape(server.apiUrl);

/** The feed takes its mark as it starts, and then only where an append has left a gap. */
const AT_START = ["aether_feed_mark_seconds"];

/** A counter and a histogram only grow; a gauge has something to say as soon as it has a series. */
function movedBy(name: string, type: string, before: Scrape, after: Scrape): boolean {
  const series = type === "histogram" ? `${name}_count` : name;
  if (type === "gauge") return after.series(series).length > 0;
  return after.sum(series) > (AT_START.includes(name) ? 0 : before.sum(series));
}

/** They count what does not happen in a game that goes well; other tests here and elsewhere make it happen. */
const TROUBLE = [
  "aether_abuse_total",
  "aether_clients_cut_total",
  "aether_dead_letters",
  "aether_faults_total",
  "aether_limited_total",
  // Asked for only by a cold command that was in somebody's way.
  "aether_redis_locks_total",
  "aether_redis_losses_total",
  "aether_redis_messages_dropped_total",
  "aether_uncaught_total",
];

/** They count a match, which this game has none of; matchmaking's own tests have. */
const MATCHES = [
  "aether_matches_total",
  "aether_matchmaking_spread_points",
  "aether_matchmaking_takeovers_total",
  "aether_matchmaking_wait_seconds",
];

async function fight(): Promise<Fight & { readonly seen: Scrape }> {
  const started = await startFight(server.apiUrl);
  const { combatId, alix, bruno } = started;
  const sessions = await Promise.all([alix, bruno].map((id) => joinAs(server.gameUrl, combatId, id)));
  const { session: spectator } = await watch(server.gameUrl, combatId);
  const seen = await now();
  await Promise.all([alix, bruno].map((id, i) => sessions[i] && play(sessions[i], id)));
  await spectator.until(isOver);
  for (const session of [...sessions, spectator]) await session.leave();
  return { ...started, seen };
}

/** A fight, reads, a task of upkeep, a join that is refused; and before, another server's consumers to take over from. */
test("[METRIC-2] [METRIC-5] a played game moves every metric that does not count trouble, and leaves nobody behind", async () => {
  await fight();
  await eventually(async () => (await now()).sum("aether_consumer_lag_events")).toBe(0);
  await server.stop("SIGTERM");
  await server.start();
  const before = await now();
  const { combatId, seen } = await fight();
  // What is over leaves memory after a minute.
  const ended = await now();
  const stranger = joinAs(server.gameUrl, combatId, crypto.randomUUID());
  await expect(stranger).rejects.toMatchObject({ code: 403 });
  const spectator = { authorization: `Bearer ${await tokenFor("spectateur")}` };
  const read = async (path: string) => (await fetch(`${server.apiUrl}${path}`, { headers: spectator })).status;
  await eventually(() => read(`/combat/${combatId}`)).toBe(200);
  expect(await read(`/players/${crypto.randomUUID()}`)).toBe(404);
  const { session: replay } = await watch(server.gameUrl, combatId, { replay: true });
  await replay.command({ type: "seek", to: { version: 1e6 } });
  await replay.leave();
  expect((await post(`${server.apiUrl}/admin/upkeep/partitions/run`, "admin", {})).status).toBe(202);

  const metrics = metricsDescribed().filter(({ name }) => ![...TROUBLE, ...MATCHES].includes(name));
  const still = async () => {
    const after = await now();
    return metrics.filter(({ name, type }) => !movedBy(name, type, before, after)).map(({ name }) => name);
  };
  await eventually(still).toEqual([]);

  const combat = 'room="combat"';
  expect([seen.sum("aether_rooms", combat), seen.sum("aether_clients", combat)]).toEqual([1, 2]);
  const left = async () => {
    const after = await now();
    return [after.sum("aether_rooms"), after.sum("aether_clients")];
  };
  await eventually(left).toEqual([0, 0]);
  const after = await now();
  expect(after.sum("aether_joins_refused_total", combat, 'code="FORBIDDEN"')).toBe(1);
  expect(ended.sum("aether_combats", 'etat="TERMINE"')).toBe(1);
  expect(after.sum("aether_patches_sent_total", combat)).toBeGreaterThan(after.sum("aether_patch_bytes_count", combat));
  // Before the first connection to Redis there is none to ask over.
  for (const name of TROUBLE.filter((one) => !one.startsWith("aether_redis")))
    expect([name, after.sum(name)]).toEqual([name, 0]);
});

test("[METRIC-2] a client that is cut off is counted, by why", async () => {
  const { combatId, alix } = await startFight(server.apiUrl);
  const before = await now();
  const client = await joinRaw(server.gameUrl, combatId, alix);
  for (let i = 0; i < 3; i += 1) client.send(Buffer.from([99, i]));
  await client.closed;
  const player = crypto.randomUUID();
  const older = await joinRoomRaw(server.gameUrl, "player", {}, player);
  const newer = await joinRoomRaw(server.gameUrl, "player", {}, player);
  await older.closed;
  newer.destroy();
  const after = await now();
  const cut = (labels: string) =>
    after.sum("aether_clients_cut_total", labels) - before.sum("aether_clients_cut_total", labels);
  expect(cut('room="combat",reason="malformed"')).toBe(1);
  expect(cut('room="player",reason="replaced"')).toBe(1);
});

test("[METRIC-6] what is no route is one series, whatever is asked for", async () => {
  const before = await now();
  for (let i = 0; i < 30; i += 1) {
    const method = ["GET", "POST", "PUT", "DELETE"][i % 4] ?? "GET";
    await fetch(`${server.apiUrl}/none/${crypto.randomUUID()}?q=${i}`, { method });
    await fetch(`${server.apiUrl}/combat/${crypto.randomUUID()}`, { method: "GET" });
  }
  const after = await now();
  const name = "aether_http_request_seconds_count";
  const none = after.series(name, 'route="none"');
  expect(none.map(({ labels }) => labels)).toEqual(['method="none",route="none",status="404"']);
  expect(after.sum(name, 'route="none"') - before.sum(name, 'route="none"')).toBe(30);
  expect(after.sum(name, 'route="/combat/:id"', 'status="401"')).toBe(30);
  expect(after.series(name).length).toBeLessThan(before.series(name).length + 4);
  expect(after.samples.filter(({ labels }) => /[0-9a-f]{8}-/.test(labels))).toEqual([]);
});

test("[METRIC-8] an exception and a rejection that nothing has contained are counted, and the server goes on", async () => {
  const preload = `--import=${new URL("../support/uncaught.ts", import.meta.url).href}`;
  const faulty = await startServerProcess({ DATABASE_URL: database.url, DEMO_WORLD: "false", NODE_OPTIONS: preload });
  try {
    faulty.process.kill("SIGUSR2");
    const counted = async () => {
      const told = await scrape(faulty.apiUrl);
      return ["exception", "rejection"].map((kind) => told.sum("aether_uncaught_total", `kind="${kind}"`));
    };
    await eventually(counted).toEqual([1, 1]);
    const { status } = await post(`${faulty.apiUrl}/nowhere`, "service", {});
    expect(status).toBe(404);
    expect(faulty.process.exitCode).toBeNull();
  } finally {
    await faulty.stop();
  }
});
