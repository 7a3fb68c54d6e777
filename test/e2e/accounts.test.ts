import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@colyseus/sdk";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { AetherAuth, AuthError } from "../../client/auth.ts";
import { AetherClient } from "../../client/client.ts";
import { DEVELOPMENT_SECRET } from "../../server/config.ts";
import { auth, loggedIn, newName } from "../support/accounts.ts";
import { call as callAs } from "../support/adventure.ts";
import { useDatabase } from "../support/postgres.ts";
import { refusedTokens } from "../support/refused-tokens.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { sql } from "../support/sql.ts";

const database = useDatabase();
const PLENTY = { ...FAST, AUTH_ATTEMPTS_PER_ADDRESS: "100000", AUTH_ATTEMPTS_PER_ACCOUNT: "5" };
/** Two nodes of one database; the second gives tokens that have to be renewed soon. */
const server = useServerProcess(database, PLENTY);
const brief = useServerProcess(database, { ...PLENTY, ACCESS_TOKEN_SECONDS: "5" });

const PASSWORD = "Passwort & Geheimnis 7";
const call = (path: string, body: unknown, token?: string) => auth(server.apiUrl, path, body, token);
const register = (username = newName()) => loggedIn(call("register", { username, password: PASSWORD }));
const refresh = (refreshToken: string, url = server.apiUrl) => auth(url, "refresh", { refreshToken });

/** What each door says to a token: the status of REST, GraphQL, a room, and the code with which a subscription's connection ends. */
async function doors(token: string | undefined, { apiUrl, gameUrl } = server) {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    "content-type": "application/json",
  };
  const ask = async (url: string, init: RequestInit = {}): Promise<number> => {
    const { status } = await fetch(url, { ...init, headers });
    // No word about the token: it is busy.
    return status === 503 ? ask(url, init) : status;
  };
  const socket = new WebSocket(`${apiUrl.replace("http:", "ws:")}/graphql`, "graphql-transport-ws");
  const said = new Promise<string | number>((resolve) => {
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { token } })));
    socket.on("message", (data) => resolve(String(JSON.parse(String(data)).type)));
    socket.on("close", resolve);
  });
  const rooms = gameUrl.replace("ws:", "http:");
  const answers = {
    rest: await ask(`${apiUrl}/items`),
    graphql: await ask(`${apiUrl}/graphql`, { method: "POST", body: '{"query":"{ __typename }"}' }),
    room: await ask(`${rooms}/matchmake/joinOrCreate/player`, { method: "POST", body: "{}" }),
    subscription: await said,
  };
  socket.close();
  return answers;
}
const SHUT = { rest: 401, graphql: 401, room: 401, subscription: 4403 };
const OPEN = { rest: 200, graphql: 200, room: 200, subscription: "connection_ack" };

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(25)) if (await holds()) return;
  throw new Error("it did not come about");
}

test("[AUTH-1] an account is made once, whatever the case of its name, and is a joueur's at every door", async () => {
  const username = newName();
  const answers = await Promise.all(
    [username, username.toUpperCase(), username.toLowerCase(), username].map((name) =>
      call("register", { username: name, password: PASSWORD }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  expect(answers.find(({ status }) => status === 409)?.body["code"]).toBe("ALREADY_EXISTS");
  const made = answers.find(({ status }) => status === 201);
  expect(made?.headers.get("cache-control")).toBe("no-store");
  const again = await loggedIn(call("login", { username: username.toUpperCase(), password: PASSWORD }));
  expect(again).toMatchObject({ userId: made?.body["userId"], role: "joueur", expiresIn: 3_600 });
  expect(await doors(again.accessToken)).toEqual(OPEN);
  for (const body of [
    { username: "x", password: PASSWORD },
    { username: newName(), password: "short" },
    { username: newName(), password: "x".repeat(257) },
    { username: newName(), password: PASSWORD, role: "admin" },
    { username: "Renée", password: PASSWORD },
    {},
  ])
    expect(await call("register", body)).toMatchObject({ status: 400, body: { code: "BAD_REQUEST" } });
});

test("[AUTH-2] a name that nobody has, another password, and a guest's id for a name get one answer", async () => {
  const username = newName();
  await register(username);
  const guest = await loggedIn(call("guest", {}));
  const refused = await Promise.all([
    call("login", { username, password: `${PASSWORD}x` }),
    call("login", { username: newName(), password: PASSWORD }),
    call("login", { username: guest.userId, password: PASSWORD }),
  ]);
  for (const { status, body } of refused) {
    expect([status, body["code"]]).toEqual([401, "BAD_CREDENTIALS"]);
    expect(body).toEqual(refused[0].body);
  }
});

test("[AUTH-4] attempts are limited, for one name and from one address, and right ones too", async () => {
  const username = newName();
  await register(username);
  let tries = 0;
  for (let code: unknown = "BAD_CREDENTIALS"; code === "BAD_CREDENTIALS" && tries < 50; tries += 1)
    code = (await call("login", { username: username.toUpperCase(), password: "wrong password" })).body["code"];
  // Five, and what was given back meanwhile: one in 12 s.
  expect(tries).toBeGreaterThan(5);
  expect(tries).toBeLessThan(50);
  const last = await call("login", { username, password: PASSWORD });
  expect([last.status, last.body["code"]]).toEqual([429, "RATE_LIMITED"]);
  expect(last.headers.get("retry-after")).not.toBeNull();
  expect((await call("login", { username: newName(), password: PASSWORD })).status).toBe(401);
});

test("[AUTH-7] who logs out is out: at once on this node, soon on every other, at every door; other logins go on", async () => {
  const username = newName();
  await register(username);
  const [ended, goesOn] = [
    await loggedIn(call("login", { username, password: PASSWORD })),
    await loggedIn(call("login", { username, password: PASSWORD })),
  ];
  expect(await doors(ended.accessToken)).toEqual(OPEN);
  expect(await doors(ended.accessToken, brief)).toEqual(OPEN);
  for (let times = 0; times < 2; times += 1)
    expect((await call("logout", { refreshToken: ended.refreshToken })).status).toBe(204);
  expect(await doors(ended.accessToken)).toEqual(SHUT);
  expect((await refresh(ended.refreshToken, brief.apiUrl)).status).toBe(401);
  await until(async () => (await doors(ended.accessToken, brief)).rest === 401);
  expect(await doors(ended.accessToken, brief)).toEqual(SHUT);
  for (const node of [server, brief]) expect(await doors(goesOn.accessToken, node)).toEqual(OPEN);
  expect((await refresh(goesOn.refreshToken)).status).toBe(200);
  expect((await call("logout", { refreshToken: "nobody's" })).status).toBe(204);
});

test("[AUTH-7] no session comes back into a room that a login began which is over; those of other logins do", async () => {
  const username = newName();
  await register(username);
  const comeBack = async (sessionToken: string): Promise<number> => {
    const rooms = server.gameUrl.replace("ws:", "http:");
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sessionToken }),
    };
    return (await fetch(`${rooms}/matchmake/joinOrCreate/world`, init)).status;
  };
  const begun: { readonly refreshToken: string; readonly session: string }[] = [];
  for (let times = 0; times < 2; times += 1) {
    const { accessToken, refreshToken } = await loggedIn(call("login", { username, password: PASSWORD }));
    const client = new Client(server.gameUrl);
    client.auth.token = accessToken;
    const room = await client.joinOrCreate("world", {});
    room.reconnection.enabled = false;
    begun.push({ refreshToken, session: room.reconnectionToken.slice(room.roomId.length + 1) });
    room.connection.close();
  }
  for (const { session } of begun) expect(await comeBack(session)).toBe(200);
  await call("logout", { refreshToken: begun[0]?.refreshToken });
  expect(await Promise.all(begun.map(({ session }) => comeBack(session)))).toEqual([401, 200]);
});

test("[AUTH-7] a login that was ended while a node was down is over when it comes back", async () => {
  const { accessToken, refreshToken } = await loggedIn(call("guest", {}));
  await server.stop("SIGKILL");
  await auth(brief.apiUrl, "logout", { refreshToken });
  await server.start();
  expect(await doors(accessToken)).toEqual(SHUT);
});

test("[AUTH-5] a token that was stolen and shown twice ends the login, of thief and owner, at every door", async () => {
  const { refreshToken } = await loggedIn(call("guest", {}));
  const thief = await loggedIn(refresh(refreshToken, brief.apiUrl));
  await refresh(thief.refreshToken, brief.apiUrl);
  const owner = await refresh(refreshToken);
  expect(owner).toMatchObject({ status: 401, body: { code: "UNAUTHORIZED" } });
  expect(await doors(thief.accessToken)).toEqual(SHUT);
});

test("[AUTH-8] a guest plays on under the same id once it has claimed its account, and can log in; it claims once", async () => {
  const guest = await loggedIn(call("guest", {}));
  const [username, taken] = [newName(), newName()];
  await register(taken);
  const claim = (name: string) => call("claim", { username: name, password: PASSWORD }, guest.accessToken);
  expect(await claim(taken.toUpperCase())).toMatchObject({ status: 409, body: { code: "ALREADY_EXISTS" } });
  expect((await Promise.all([claim(username), claim(newName())])).map(({ status }) => status).sort()).toEqual([
    204, 409,
  ]);
  expect((await claim(newName())).status).toBe(409);
  expect((await refresh(guest.refreshToken)).body["userId"]).toBe(guest.userId);
  const names = await sql<{ username: string }>(database, "SELECT username FROM comptes WHERE compte_id = $1", [
    guest.userId,
  ]);
  const back = await loggedIn(call("login", { username: names[0]?.username, password: PASSWORD }));
  expect(back.userId).toBe(guest.userId);
  expect((await call("claim", { username: newName(), password: PASSWORD })).status).toBe(401);
});

test("[AUTH-9] whatever is wrong with a token, each door says the same", async () => {
  const who = { userId: crypto.randomUUID(), role: "joueur", tenantId: "default" } as const;
  const bodies = new Set<string>();
  for (const [kind, token] of Object.entries(await refusedTokens(DEVELOPMENT_SECRET, who))) {
    expect(await doors(token), kind).toEqual(SHUT);
    const response = await fetch(`${server.apiUrl}/player/profile`, { headers: { authorization: `Bearer ${token}` } });
    bodies.add(`${response.headers.get("www-authenticate")} ${await response.text()}`);
  }
  expect([...bodies]).toEqual([expect.stringContaining("UNAUTHORIZED")]);
});

test("[AUTH-13] a role that the tables' owner has given counts from the next renewal on", async () => {
  const { userId, refreshToken } = await register();
  await sql(database, "UPDATE comptes SET role = 'auteur' WHERE compte_id = $1", [userId]);
  const { role, accessToken } = await loggedIn(refresh(refreshToken));
  expect(role).toBe("auteur");
  const response = await fetch(`${server.apiUrl}/items`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(response.status).toBe(400);
});

test("[AUTH-15] the SDK renews a login in time and gives its tokens to the client, until it is logged out", async () => {
  const ends: string[] = [];
  const sdk = new AetherAuth({ url: brief.apiUrl, onEnd: () => ends.push("ended") });
  const { userId, accessToken, refreshToken } = await sdk.guest();
  const client = new AetherClient({ url: brief.gameUrl, token: "" });
  const given: string[] = [];
  sdk.keep(client);
  sdk.keep({
    set token(token: string) {
      given.push(token);
    },
  } as { token: string });
  // Of 5 s each: the first has run out by then.
  await until(async () => given.length === 3);
  expect(new Set([accessToken, ...given]).size).toBe(3);
  const session = await client.joinPlayer();
  await session.leave();
  const username = newName();
  await sdk.claim(username, PASSWORD);
  sdk.close();
  const resumed = new AetherAuth({ url: brief.apiUrl, onEnd: () => ends.push("ended") });
  await expect(resumed.resume(refreshToken)).rejects.toThrow(AuthError);
  expect(await resumed.login(username, PASSWORD)).toMatchObject({ userId });
  const stolen = resumed.tokens?.refreshToken ?? "";
  await call("logout", { refreshToken: stolen });
  await until(async () => ends.length > 0);
  expect([ends, resumed.tokens]).toEqual([["ended"], undefined]);
  await expect(resumed.login(username, "another password")).rejects.toMatchObject({
    code: "BAD_CREDENTIALS",
    status: 401,
  });
});

test("[AUTH-12] no password, no name and no token stands in the log, nor a row that PostgreSQL refused; the database has only hashes", async () => {
  const username = newName();
  const given = [await register(username), await loggedIn(call("login", { username, password: PASSWORD }))];
  // PostgreSQL says the row that it refuses, hash and all.
  await sql(database, "ALTER TABLE comptes ADD CONSTRAINT no_trap CHECK (username <> 'Trapped.Name')");
  expect(await call("register", { username: "Trapped.Name", password: PASSWORD })).toMatchObject({
    status: 500,
    body: { code: "INTERNAL", detail: expect.not.stringContaining("comptes") },
  });
  await sql(database, "ALTER TABLE comptes DROP CONSTRAINT no_trap");
  await until(async () => server.log().includes("no_trap"));
  const secrets = [PASSWORD, username, "Trapped.Name", "$argon2id", DEVELOPMENT_SECRET];
  for (const { accessToken, refreshToken } of given) secrets.push(accessToken, refreshToken);
  for (const log of [server.log(), brief.log()]) for (const one of secrets) expect(log).not.toContain(one);
  const stored = JSON.stringify(
    await sql(database, "SELECT * FROM comptes, token_families, refresh_tokens LIMIT 1000"),
  );
  for (const one of secrets.filter((secret) => secret !== username && secret !== "$argon2id"))
    expect(stored).not.toContain(one);
  const events = JSON.stringify((await callAs(server.apiUrl, "/events?limit=1000", "admin")).body);
  expect(events).not.toContain(username);
});
