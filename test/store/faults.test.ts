import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { v7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AppendResult } from "../../store/event-store.ts";
import type { GroupCommitOptions } from "../../store/group-commit.ts";
import { createRegistry } from "../../store/registry.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { type PrivateServer, startPrivateServer } from "../support/private-server.ts";
import { openStore } from "../support/store.ts";
import { append, definitions, gains, joueur } from "./fixtures.ts";
import { type Load, startLoad } from "./load.ts";
import { eventually } from "./taken.ts";

const ACTORS = 24;
const MAX_CONNECTIONS = 12;
const TOO_MANY_CONNECTIONS = "53300";
let server: PrivateServer;
beforeAll(async () => {
  server = await startPrivateServer({ max_connections: MAX_CONNECTIONS });
});
afterAll(() => server.dispose());
beforeEach(async () => {
  // The log refuses TRUNCATE, even from here; each test begins with an empty one of its own.
  await withClient(server.url, (client) =>
    client.query("SET session_replication_role = replica; TRUNCATE evenements, stream_heads"),
  );
});

/** A load, something that befalls the database meanwhile, and the proof that nothing was lost by it. */
async function survive(
  fault: (load: Load, probe: () => Promise<AppendResult>) => Promise<void>,
  options: GroupCommitOptions = {},
): Promise<void> {
  const store = openStore(
    { url: server.url, statementTimeoutMs: 1_000, answerTimeoutMs: 1_500, connectTimeoutMs: 500 },
    createRegistry(definitions),
    options,
  );
  try {
    const load = startLoad(store, ACTORS);
    await eventually(() => load.answers.get("ok") ?? 0).toBeGreaterThan(ACTORS * 2);
    await fault(load, () => append(store, joueur(v7(), 0, gains(1))));
    await sleep(100);
    await load.finish();
    await load.verify(server.url);
  } finally {
    await server.resume();
    await store.close();
  }
}

const END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'aether-engine'";

describe("[FAULT-1] what was acknowledged is in the log exactly once, without gap,", () => {
  test("when connections are cut in mid-load", async () => {
    await survive(async ({ answers }) => {
      for (let i = 0; i < 8 || !answers.has("UNKNOWN"); i += 1) {
        await rowsOf(server.url, END_SESSIONS);
        await sleep(30);
      }
    });
  });

  test.each(["stop", "kill"] as const)("when PostgreSQL goes away and comes back: %s", async (way) => {
    await survive(async (_, probe) => {
      await server[way]();
      // At first it may be UNKNOWN, on a connection that has not noticed yet.
      await eventually(async () => nameOf(await probe())).toBe("UNAVAILABLE");
      await server.start();
    });
  });

  test("when PostgreSQL answers nothing for longer than its clients wait, and then goes on", async () => {
    await survive(async ({ answers }) => {
      await server.pause();
      while (!answers.has("UNKNOWN")) await sleep(50);
      await sleep(1_000); // the actors ask again, on connections that do not come about
      await server.resume();
    });
  });

  test("when there are no connections left, and more is asked for than may wait", async () => {
    const queueLimit = ACTORS - 4;
    await survive(
      async (_, probe) => {
        const taken = await takeAllConnections();
        try {
          // At first the actors' own may be all that waits.
          const names = new Set<string>();
          while (names.size < 2) {
            for (const result of await Promise.all(Array.from({ length: queueLimit + 1 }, probe)))
              names.add(nameOf(result));
            // What is BUSY is answered at once: nothing else would ever get its turn.
            await sleep(5);
          }
          expect(names).toEqual(new Set(["UNAVAILABLE", "BUSY"]));
        } finally {
          for (const client of taken) await client.end();
        }
      },
      { lanes: 2, queueLimit },
    );
  });
});

const nameOf = (result: AppendResult) => (result.ok ? "ok" : result.reason);

/** Ends the store's sessions and takes their place, all but the one by which the server's process owns it. */
async function takeAllConnections(): Promise<pg.Client[]> {
  const taken: pg.Client[] = [];
  while (taken.length < MAX_CONNECTIONS - 1) {
    const client = new pg.Client({ connectionString: server.url, application_name: "aether-engine test" });
    try {
      await client.connect();
      taken.push(client);
    } catch (error) {
      expect(error).toMatchObject({ code: TOO_MANY_CONNECTIONS });
      await taken[0]?.query(END_SESSIONS);
    }
  }
  return taken;
}
