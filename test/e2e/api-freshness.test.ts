import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { type Adventurer, arrive, call, sagasDone, wholeLog } from "../support/adventure.ts";
import { startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { held } from "../support/sql.ts";

const database = useDatabase();
const env = { ...FAST, FRESH_WITHIN_MS: "3000" };
const servers = [useServerProcess(database, { ...env, DEMO_WORLD: "true" }), useServerProcess(database, env)] as const;
let alix: Adventurer;
let combatId: string;

const get = (path: string, on: 0 | 1 = 0) => call(servers[on].apiUrl, path, "admin");
const getOnce = (path: string, on: 0 | 1 = 0) => call(servers[on].apiUrl, path, "admin", { once: true });

async function gift(n: number): Promise<number> {
  const body = { type: "ModifierOr", delta: 1, raison: "CADEAU", reference: `g${n}` };
  const path = `/players/${alix.id}/commands`;
  const answer = await call(servers[0].apiUrl, path, "admin", { method: "POST", body });
  expect(answer.status).toBe(200);
  return Number(answer.body["sequence"]);
}

async function create(): Promise<void> {
  const userId = crypto.randomUUID();
  const body = { type: "CreerJoueur", username: `u${userId.slice(0, 8)}`, pseudo: "Cleo", classe: "MAGE" };
  const path = `/players/${userId}/commands`;
  const id = crypto.randomUUID();
  for (;;) {
    const { status, body: told } = await call(servers[0].apiUrl, path, "joueur", { method: "POST", body, userId, id });
    if (status !== 503) return expect([status, told["code"]]).toEqual([200, undefined]);
    // So little of the machine is left for it: it is asked again, as the SDK does.
    await sleep(100);
  }
}

beforeAll(async () => {
  alix = await arrive(servers[0].gameUrl, "GUERRIER");
  ({ combatId } = await startFight(servers[0].apiUrl));
  await sagasDone(servers[0].apiUrl);
  return () => alix.session.leave();
});

test("[API-3] a read that names an event's sequence holds what it led to, on whichever node", async () => {
  const before = Number((await get(`/players/${alix.id}`)).body["or"]);
  const stale: unknown[] = [];
  for (let n = 1; n <= 200; n += 1) {
    const minSequence = await gift(n);
    const on = n % 2 === 0 ? 0 : 1;
    const paths = ["/player/profile", `/players/${alix.id}`];
    for (const path of paths) {
      const { status, body } = await call(
        servers[on].apiUrl,
        `${path}?minSequence=${minSequence}`,
        path === paths[0] ? "joueur" : "admin",
        { userId: alix.id },
      );
      if (status !== 200 || body["or"] !== before + n) stale.push({ n, on, path, status, or: body["or"] });
    }
  }
  expect(stale).toEqual([]);
});

test("[API-3] every read of a read model takes it", async () => {
  const last = (await wholeLog(servers[0].apiUrl)).at(-1)?.sequence ?? 0;
  const document = (await (await fetch(`${servers[0].apiUrl}/openapi.json`)).json()) as {
    readonly paths: Record<string, { readonly get?: { readonly parameters: readonly { readonly name: string }[] } }>;
  };
  const fresh = Object.entries(document.paths).flatMap(([path, { get: read }]) =>
    read?.parameters.some(({ name }) => name === "minSequence") === true ? [path] : [],
  );
  expect(fresh.length).toBeGreaterThan(20);
  await Promise.all(
    fresh.map(async (path) => {
      const url = path.replace("{id}", path.startsWith("/combat") ? combatId : alix.id);
      const own = path === "/market/orders" || path === "/player/profile";
      const ask = (query: string, once = false) =>
        call(servers[0].apiUrl, `${url}?${query}`, own ? "joueur" : "admin", { userId: alix.id, once });
      const known = await ask(`minSequence=${last}`);
      expect([path, known.body["code"] ?? ""]).toEqual([path, expect.stringMatching(/^$|^NOT_FOUND$/)]);
      expect(await ask("minSequence=x"), path).toMatchObject({ status: 400, body: { code: "BAD_REQUEST" } });
      const tooSoon = await ask(`minSequence=${last + 1_000_000}`, true);
      expect(tooSoon, path).toMatchObject({ status: 503, body: { code: "NOT_YET", retryable: true } });
    }),
  );
});

test("[API-3] while a read model stands still a read is refused, told how far it is, and may come again", async () => {
  const path = `/players/${alix.id}`;
  const before = Number((await get(path)).body["or"]);
  const minSequence = await held(database, async (client) => {
    await client.query("BEGIN");
    await client.query("SELECT FROM consumer_checkpoints WHERE name = 'players' FOR UPDATE");
    const written = await gift(1_000);
    for (const on of [0, 1] as const) {
      const { status, body } = await getOnce(`${path}?minSequence=${written}`, on);
      expect({ status, body }).toMatchObject({ status: 503, body: { code: "NOT_YET", retryable: true } });
      const [, position] = /players is at (\d+)/.exec(String(body["detail"])) ?? [];
      expect(Number(position)).toBeGreaterThan(0);
      expect(Number(position)).toBeLessThan(written);
    }
    // Who does not ask for it is told what there is.
    expect(await get(path)).toMatchObject({ status: 200, body: { or: before } });
    return written;
  });
  expect(await get(`${path}?minSequence=${minSequence}`)).toMatchObject({ status: 200, body: { or: before + 1 } });
});

test("[API-4] reads that cannot be served are refused with a reason, in bounded time, and hold up no command", async () => {
  const refused = await held(database, async (client) => {
    await client.query("BEGIN; LOCK TABLE instances_combat IN ACCESS EXCLUSIVE MODE");
    let reading = true;
    const reads = Array.from({ length: 400 }, async () => {
      const answers = [await getOnce(`/combat/${combatId}`)];
      for (await sleep(1_000); reading; await sleep(1_000)) answers.push(await getOnce(`/combat/${combatId}`));
      return answers;
    });
    // Nobody has these players in memory: each is looked for in the log first.
    await Promise.all(Array.from({ length: 50 }, () => create())).finally(() => {
      reading = false;
    });
    return (await Promise.all(reads)).flat();
  });
  expect(refused.every(({ status }) => status === 503)).toBe(true);
  const codes = new Set(refused.map(({ body }) => body["code"]));
  expect([...codes].sort()).toEqual(["BUSY", "TOO_EXPENSIVE"]);
  for (const { body } of refused) expect(String(body["detail"]).length).toBeGreaterThan(10);
  expect(await get(`/combat/${combatId}`)).toMatchObject({ status: 200 });
});
