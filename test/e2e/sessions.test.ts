import { createHash } from "node:crypto";
import { Client, type Room } from "@colyseus/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AetherClient } from "../../client/client.ts";
import { signToken } from "../../server/auth.ts";
import { DEVELOPMENT_SECRET } from "../../server/config.ts";
import { call } from "../support/adventure.ts";
import { type Balancer, openBalancer, portOf } from "../support/balancer.ts";
import { joinAs, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { useServerProcess } from "../support/server-process.ts";
import { sql } from "../support/sql.ts";

const database = useDatabase();
const [one, two] = [useServerProcess(database), useServerProcess(database)];
let balancer: Balancer;
beforeAll(async () => {
  balancer = await openBalancer(portOf(one.gameUrl));
});
afterAll(() => balancer.close());
const anyNode = (): string => `ws://127.0.0.1:${balancer.port}`;

async function joinBare(gameUrl: string, combatId: string, userId: string): Promise<{ room: Room; token: string }> {
  const client = new Client(gameUrl);
  client.auth.token = await tokenFor("joueur", userId);
  const room = await client.joinOrCreate("combat", { combatId });
  room.reconnection.enabled = false;
  return { room, token: room.reconnectionToken.slice(room.roomId.length + 1) };
}

/** Asks for a seat as a client does that comes back; the status, and the code of a refusal. */
async function comeBack(
  gameUrl: string,
  options: object,
  access: string,
  room = "combat",
): Promise<readonly [status: number, code: string | undefined]> {
  const reply = await fetch(`${gameUrl.replace("ws:", "http:")}/matchmake/joinOrCreate/${room}`, {
    method: "POST",
    headers: { authorization: `Bearer ${access}`, "content-type": "application/json" },
    body: JSON.stringify(options),
  });
  return [reply.status, ((await reply.json()) as { readonly error?: string }).error];
}

const expiredFor = (userId: string): Promise<string> =>
  signToken(DEVELOPMENT_SECRET, { userId, role: "joueur", tenantId: "default" }, "-1s");

const sessionsOf = (userId: string) =>
  sql<{ session_id: string; token_hash: Buffer; revoked_at: string | null; room: string; aggregate_id: string }>(
    database,
    "SELECT * FROM sessions WHERE user_id = $1",
    [userId],
  );

async function until(test: () => Promise<boolean>): Promise<void> {
  while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("a session", () => {
  test("[SESSION-1] outlives the access token and its node: another node goes on with it, and answers what was not answered", async () => {
    const fight = await startFight(one.apiUrl);
    balancer.to(portOf(one.gameUrl));
    const client = new AetherClient({ url: anyNode(), token: await tokenFor("joueur", fight.alix) });
    const session = await client.joinCombat(fight.combatId);
    const bruno = await joinAs(one.gameUrl, fight.combatId, fight.bruno);
    const statuses: string[] = [];
    session.onStatus((status) => statuses.push(status));
    client.token = await expiredFor(fight.alix);
    await expect(client.joinCombat(fight.combatId)).rejects.toMatchObject({ code: 401 });
    balancer.to(portOf(two.gameUrl));
    await bruno.leave();
    await one.stop("SIGKILL");
    expect(await session.command({ type: "Conceder" })).toMatchObject({ ok: true });
    expect(statuses).toEqual(["resuming", "connected"]);
    expect(await sessionsOf(fight.alix)).toHaveLength(1);
    await session.leave();
    await one.start();
  });

  test("[SESSION-2] is kept as a hash, made by the join and by no return", async () => {
    const fight = await startFight(one.apiUrl);
    const { room, token } = await joinBare(one.gameUrl, fight.combatId, fight.alix);
    const [sessionId = "", secret = ""] = token.split(".");
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    const rows = await sessionsOf(fight.alix);
    expect(rows).toEqual([
      expect.objectContaining({
        session_id: sessionId,
        token_hash: createHash("sha256").update(secret).digest(),
        room: "combat",
        aggregate_id: fight.combatId,
        revoked_at: null,
      }),
    ]);
    expect(JSON.stringify(await sql(database, "SELECT payload, metadata FROM evenements"))).not.toContain(secret);
    const options = { combatId: fight.combatId, sessionToken: token };
    expect(await comeBack(two.gameUrl, options, await expiredFor(fight.alix))).toEqual([200, undefined]);
    expect(await sessionsOf(fight.alix)).toEqual(rows);
    await room.leave();
  });

  test("[SESSION-3] a forged token, another player's, another room's, one that ran out or was ended is refused with its code, and counted", async () => {
    const fight = await startFight(one.apiUrl);
    const elsewhere = await startFight(one.apiUrl);
    const { room, token } = await joinBare(one.gameUrl, fight.combatId, fight.alix);
    const [expired, access] = [await expiredFor(fight.alix), await tokenFor("joueur", fight.alix)];
    // By the node that was asked, or by the one that it was handed on to.
    const refused = async (): Promise<number> => {
      const counts = [one, two].map((node) => node.metric("aether_joins_refused_total", 'code="SESSION_'));
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    };
    const before = await refused();
    const back = (sessionToken: unknown, combatId = fight.combatId, by = expired, door = "combat") =>
      comeBack(two.gameUrl, { combatId, itemId: combatId, sessionToken }, by, door);
    const unknown = [401, "SESSION_UNKNOWN"];
    const forged = `${token.slice(0, 37)}${"A".repeat(43)}`;
    for (const nonsense of [
      forged,
      `${crypto.randomUUID()}${token.slice(36)}`,
      "nonsense",
      "",
      7,
      null,
      { $: 1 },
      [token],
    ])
      expect(await back(nonsense)).toEqual(unknown);
    // With a good access token as well: who shows a session is to be taken at its word.
    expect(await back(forged, fight.combatId, access)).toEqual(unknown);
    expect(await back(token, fight.combatId, await tokenFor("joueur", fight.bruno))).toEqual(unknown);
    expect(await back(token, elsewhere.combatId)).toEqual(unknown);
    expect(await back(token, fight.combatId, expired, "market")).toEqual(unknown);
    expect(await back(token)).toEqual([200, undefined]);
    await sql(database, "UPDATE sessions SET expires_at = now() WHERE user_id = $1", [fight.alix]);
    expect(await back(token)).toEqual([401, "SESSION_EXPIRED"]);
    await sql(database, "UPDATE sessions SET expires_at = now() + interval '1 hour' WHERE user_id = $1", [fight.alix]);
    await room.leave();
    await until(async () => (await sessionsOf(fight.alix))[0]?.revoked_at !== null);
    expect(await back(token)).toEqual([401, "SESSION_REVOKED"]);
    expect((await refused()) - before).toBe(14);
  });

  test("[SESSION-4] ends when its client leaves or is sent away for good, not when a connection breaks or gives way to its next", async () => {
    const fight = await startFight(one.apiUrl);
    balancer.to(portOf(one.gameUrl));
    // HTTP connections are kept: they would still go where they went.
    balancer.cut();
    const player = await new AetherClient({ url: anyNode(), token: await tokenFor("joueur", fight.alix) }).joinPlayer();
    const seen: string[] = [];
    player.onStatus((status) => seen.push(status));
    const [row] = await sessionsOf(fight.alix);
    for (let times = 1; times <= 2; times += 1) {
      const back = new Promise<void>((resolve) => {
        const end = player.onStatus((status) => {
          if (status !== "connected") return;
          end();
          resolve();
        });
      });
      balancer.cut();
      await back;
    }
    expect(await sessionsOf(fight.alix)).toEqual([row]);
    const newer = await new AetherClient({
      url: one.gameUrl,
      token: await tokenFor("joueur", fight.alix),
    }).joinPlayer();
    await until(async () => player.status === "closed");
    await until(
      async () => (await sessionsOf(fight.alix)).filter(({ revoked_at }) => revoked_at !== null).length === 1,
    );
    await newer.leave();
    await until(async () => (await sessionsOf(fight.alix)).every(({ revoked_at }) => revoked_at !== null));
    expect(seen).toEqual(["resuming", "connected", "resuming", "connected", "closed"]);
  });
});

describe("a ban", () => {
  test("[BAN-1] ends the player's sessions on every node with 4104, for good, and nobody else's", async () => {
    const fight = await startFight(one.apiUrl);
    const mine = [
      await joinAs(one.gameUrl, fight.combatId, fight.alix),
      await new AetherClient({ url: two.gameUrl, token: await tokenFor("joueur", fight.alix) }).joinWorld(),
    ];
    const other = await joinAs(one.gameUrl, fight.combatId, fight.bruno);
    const reasons = mine.map((session) => {
      const closed = Promise.withResolvers<string>();
      (session as typeof other).onStatus((status, reason) => closed.resolve(`${status} ${reason}`));
      return closed.promise;
    });
    const path = `/admin/players/${fight.alix}/ban`;
    const banned = await call(one.apiUrl, path, "admin", { method: "POST", body: { reason: "bots" } });
    expect(banned).toMatchObject({ status: 201, body: { userId: fight.alix, reason: "bots", until: null } });
    for (const reason of await Promise.all(reasons))
      expect(reason).toBe("closed closed by the server: 4104 this player is shut out");
    expect(other.status).toBe("connected");
    await other.leave();
    for (const node of [one, two]) expect(await node.metric("aether_clients_cut_total", 'reason="banned"')).toBe(1);
  });

  test("[BAN-2] shuts every door, on every node, until it is lifted or has run out; what it ended stays ended", async () => {
    const fight = await startFight(one.apiUrl);
    const { room, token } = await joinBare(one.gameUrl, fight.combatId, fight.alix);
    // Whose connection broke is no less a session.
    await room.leave(false);
    expect(await sessionsOf(fight.alix)).toMatchObject([{ revoked_at: null }]);
    const access = await tokenFor("joueur", fight.alix);
    const join = { combatId: fight.combatId };
    const back = { ...join, sessionToken: token };
    const path = `/admin/players/${fight.alix}/ban`;
    const order = { method: "POST", body: { reason: "bots", until: new Date(Date.now() + 600_000).toISOString() } };
    expect((await call(one.apiUrl, path, "admin", order)).status).toBe(201);
    const asPlayer = (at: string, door: string) => call(at, door, "joueur", { userId: fight.alix });
    for (const node of [one, two]) {
      expect(await comeBack(node.gameUrl, join, access)).toEqual([403, "BANNED"]);
      expect(await comeBack(node.gameUrl, back, await expiredFor(fight.alix))).toEqual([403, "BANNED"]);
      for (const door of ["/world", "/graphql?query={__typename}", "/combats"])
        await until(async () => (await asPlayer(node.apiUrl, door)).body["code"] === "BANNED");
    }
    expect((await call(two.apiUrl, "/combats", "joueur")).status).toBe(200);

    expect((await call(two.apiUrl, path, "admin", { method: "DELETE" })).status).toBe(204);
    expect((await call(two.apiUrl, path, "admin", { method: "DELETE" })).status).toBe(404);
    expect(await comeBack(one.gameUrl, back, access)).toEqual([401, "SESSION_REVOKED"]);
    expect(await comeBack(one.gameUrl, join, access)).toEqual([200, undefined]);
    await until(async () => (await asPlayer(one.apiUrl, "/combats")).status === 200);

    await call(one.apiUrl, path, "admin", order);
    expect(await comeBack(one.gameUrl, join, access)).toEqual([403, "BANNED"]);
    await sql(database, "UPDATE bans SET until = now() WHERE user_id = $1", [fight.alix]);
    expect(await comeBack(one.gameUrl, join, access)).toEqual([200, undefined]);
  });

  test("[BAN-4] is an event of the log, as its lifting is, with the act that it was, and of no player's own stream", async () => {
    const player = crypto.randomUUID();
    const path = `/admin/players/${player}/ban`;
    const until = "2100-01-01T00:00:00.000Z";
    const written = async () =>
      (await one.metric("aether_appended_events_total", 'aggregate_type="Joueur"')) +
      (await two.metric("aether_appended_events_total", 'aggregate_type="Joueur"'));
    const before = await written();
    const [first, second] = [{ reason: "Quetzalcoatl" }, { reason: "Quetzalcoatl again", until }];
    for (const body of [first, second]) await call(one.apiUrl, path, "admin", { method: "POST", body });
    expect((await call(two.apiUrl, path, "admin", { method: "DELETE" })).status).toBe(204);
    const payload = JSON.stringify({ joueurId: player });
    const { body } = await call(two.apiUrl, `/events?type=JoueurBanni,BanLeve&payload=${payload}`, "admin");
    const told = body["items"] as {
      payload: { banId: string; levePar: string };
      metadata: { correlationId: string };
    }[];
    const lines = await call(two.apiUrl, `/admin/audit?target=${path}`, "admin");
    const [lift, ...bans] = lines.body["items"] as { userId: string; correlationId: string }[];
    expect(await written()).toBe(before + 4);
    const banId = told.slice(0, 2).map((event) => event.payload.banId);
    const by = bans.toReversed().map((line) => ({ joueurId: player, banniPar: line.userId }));
    expect(told).toMatchObject([
      { version: 1, payload: { ...by[0], raison: "Quetzalcoatl", expireA: null } },
      { version: 2, payload: { ...by[1], raison: "Quetzalcoatl again", expireA: until } },
      { version: 3, eventType: "BanLeve", payload: { joueurId: player, levePar: lift?.userId } },
      { version: 4, eventType: "BanLeve", payload: { joueurId: player, levePar: lift?.userId } },
    ]);
    expect(told.slice(2).map((event) => event.payload.banId)).toEqual(expect.arrayContaining(banId));
    const acts = [...bans.toReversed(), lift, lift].map((line) => line?.correlationId);
    expect(told.map((event) => event.metadata.correlationId)).toEqual(acts);
    expect(await sql(database, "SELECT FROM evenements WHERE aggregate_id = $1", [player])).toEqual([]);
    const stored = await sql<{ payload: object }>(
      database,
      "SELECT payload FROM evenements WHERE event_type = 'JoueurBanni'",
    );
    expect(stored.length).toBeGreaterThan(1);
    expect(JSON.stringify(stored)).not.toContain("Quetzalcoatl");
    const rows = await sql(database, "SELECT ban_id FROM bans WHERE user_id = $1 ORDER BY banned_at", [player]);
    expect(rows).toEqual(banId.map((ban_id) => ({ ban_id })));
    // The stream of bans is no player.
    const stream = String((told[0] as unknown as { aggregateId: string }).aggregateId);
    expect((await call(one.apiUrl, `/aggregates/Joueur/${stream}`, "admin")).status).toBe(404);
  });

  test("[BAN-4] and no event, no ban: neither is written without the other", async () => {
    const player = crypto.randomUUID();
    const path = `/admin/players/${player}/ban`;
    await sql(
      database,
      "ALTER TABLE evenements ADD CONSTRAINT no_ban CHECK (event_type NOT IN ('JoueurBanni', 'BanLeve')) NOT VALID",
    );
    try {
      const refused = await call(one.apiUrl, path, "admin", { method: "POST", body: { reason: "bots" } });
      expect(refused.status).toBe(500);
      expect(await sql(database, "SELECT FROM bans WHERE user_id = $1", [player])).toEqual([]);
    } finally {
      await sql(database, "ALTER TABLE evenements DROP CONSTRAINT no_ban");
    }
    const order = { method: "POST", body: { reason: "bots" } };
    // Of many at once each has its event, in one line.
    const all = await Promise.all([one, two, one, two].map(({ apiUrl }) => call(apiUrl, path, "admin", order)));
    expect(all.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const versions = await sql(
      database,
      "SELECT aggregate_version FROM evenements WHERE event_type = 'JoueurBanni' AND payload->>'joueurId' = $1 ORDER BY 1",
      [player],
    );
    expect(versions).toEqual([1, 2, 3, 4].map((aggregate_version) => ({ aggregate_version })));
  });

  test("[BAN-3] is an operator's, with a reason, and not for a time that has passed", async () => {
    const path = `/admin/players/${crypto.randomUUID()}/ban`;
    const past = { reason: "bots", until: "2020-01-01T00:00:00Z" };
    for (const body of [{}, { reason: "" }, past, { reason: "bots", until: "soon" }, { reason: "b", more: 1 }])
      expect(await call(one.apiUrl, path, "admin", { method: "POST", body })).toMatchObject({ status: 400 });
    for (const role of ["joueur", "service", "auteur", "spectateur"] as const)
      expect(await call(one.apiUrl, path, role, { method: "POST", body: { reason: "bots" } })).toMatchObject({
        status: 403,
      });
    expect(
      (await call(one.apiUrl, "/admin/players/nobody/ban", "admin", { method: "POST", body: { reason: "b" } })).status,
    ).toBe(400);
    expect(await sql(database, "SELECT reason FROM bans WHERE user_id = $1", [path.split("/")[3]])).toEqual([]);
  });
});
