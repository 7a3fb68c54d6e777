import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DEVELOPMENT_MASTER_KEY, DEVELOPMENT_SECRET, readConfig } from "../../server/config.ts";
import { startServerProcess } from "../../server/demo-server.ts";
import { useDatabase } from "../support/postgres.ts";
import { useServerProcess } from "../support/server-process.ts";

const database = useDatabase();
const server = useServerProcess(database, { TRANSPORT: "uws" });

/** Why a start fails, as an operator reads it. */
async function refusal(env: Readonly<Record<string, string>>): Promise<string> {
  try {
    const started = await startServerProcess({ DATABASE_URL: database.url, ...env });
    await started.stop();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("the server started");
}

test("[CONFIG-1] a production start without a secret of its own ends at once, and says what to set", async () => {
  expect(await refusal({ NODE_ENV: "production" })).toMatch(/ended before it was ready \(1\):\n.*AUTH_SECRET/);
  expect(() => readConfig({ NODE_ENV: "production" })).toThrow("AUTH_SECRET or AUTH_SECRET_FILE must be set");
  expect(() => readConfig({ NODE_ENV: "production", AUTH_SECRET: DEVELOPMENT_SECRET })).toThrow("development secret");
  expect(() => readConfig({ NODE_ENV: "production", AUTH_SECRET: "short" })).toThrow("AUTH_SECRET");
  expect(() => readConfig({ NODE_ENV: "production", AUTH_SECRET_FILE: "/nowhere" })).toThrow(
    "AUTH_SECRET_FILE cannot be read",
  );
  const secrets = { AUTH_SECRET: "x".repeat(32), MASTER_KEYS: `mine:${Buffer.alloc(32, 1).toString("base64")}` };
  expect(readConfig({ NODE_ENV: "production", ...secrets }).authSecret).toBe("x".repeat(32));
  expect(readConfig({}).authSecret).toBe(DEVELOPMENT_SECRET);
});

test("[PRIVACY-8] a production start takes no master key but one of its own, first of those that unwrap, from a file too", async () => {
  const production = { NODE_ENV: "production", AUTH_SECRET: "x".repeat(32) };
  const of = (env: NodeJS.ProcessEnv) => () => readConfig({ ...production, ...env }).masterKeys.newest;
  const [mine, older] = [1, 2].map((n) => `key${n}:${Buffer.alloc(32, n).toString("base64")}`);
  expect(of({})).toThrow("MASTER_KEYS or MASTER_KEYS_FILE must be set");
  expect(of({ MASTER_KEYS: `${DEVELOPMENT_MASTER_KEY},${mine}` })).toThrow("is the development key");
  expect(of({ MASTER_KEYS: "mine:c2hvcnQ=" })).toThrow("MASTER_KEYS key mine is not of 32 bytes in base64");
  expect(of({ MASTER_KEYS_FILE: "/nowhere" })).toThrow("MASTER_KEYS_FILE cannot be read");
  expect(of({ MASTER_KEYS: `${mine},${older},${DEVELOPMENT_MASTER_KEY}` })()).toBe("key1");
  const folder = await mkdtemp(join(tmpdir(), "aether-keys-"));
  await writeFile(join(folder, "keys"), `${older}\n`);
  expect(of({ MASTER_KEYS_FILE: join(folder, "keys") })()).toBe("key2");
  await rm(folder, { recursive: true });
  expect(readConfig({}).masterKeys.newest).toBe("development");
});

test("[CONFIG-2] a variable that cannot be used is named", () => {
  for (const [name, value] of Object.entries({
    GAME_PORT: "70000",
    TRANSPORT: "smoke",
    DATABASE_SCHEMA: "x; DROP",
    ALLOWED_ORIGINS: "game",
  }))
    expect(() => readConfig({ [name]: value })).toThrow(name);
});

test.each([
  ["uws", "GAME_PORT"],
  ["ws", "GAME_PORT"],
  ["uws", "API_PORT"],
])(
  "[CONFIG-3] a port that another program has ends the start with a message that names it (%s, %s)",
  async (TRANSPORT, variable) => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    expect(await refusal({ TRANSPORT, [variable]: String(port) })).toContain(
      `port ${port} is taken by another program: set ${variable} to another one`,
    );
    await new Promise((resolve) => taken.close(resolve));
  },
);

test.each([["127.0.0.1"], ["0.0.0.0"]])(
  "[CONFIG-4] a second server on the ports of a first ends, and the first one keeps its port to itself (%s)",
  async (HOST) => {
    const port = new URL(server.gameUrl).port;
    for (const TRANSPORT of ["uws", "ws"])
      expect(await refusal({ HOST, TRANSPORT, GAME_PORT: port })).toContain(`port ${port} is taken`);
    for (let i = 0; i < 10; i += 1)
      expect((await fetch(`http://127.0.0.1:${port}/matchmake/joinOrCreate/combat`, { method: "POST" })).status).toBe(
        401,
      );
  },
);

test("[CONFIG-5] a server listens on the host that it is given, and on no other", async () => {
  const { port } = new URL(server.gameUrl);
  await expect(fetch(`http://127.0.0.2:${port}/`)).rejects.toThrow("fetch failed");
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
});

test("[CONFIG-6] a database that cannot be used ends the start with a message that says so, and tells no password", async () => {
  const message = await refusal({ DATABASE_URL: "postgres://someone:geheimnis@127.0.0.1:1/nowhere" });
  expect(message).toContain("the database cannot be used: connect ECONNREFUSED 127.0.0.1:1. Is DATABASE_URL right?");
  expect(message).not.toContain("geheimnis");
});
