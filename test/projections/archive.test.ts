import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beforeEach, describe, expect, test } from "vitest";
import { projectors } from "../../projections/all.ts";
import { type Archive, combatArchive, runArchive, tradeArchive } from "../../projections/archive.ts";
import { combatProjector } from "../../projections/combat.ts";
import { combatHeads } from "../../projections/combat-access.ts";
import { readActions, readCombat, readHistory } from "../../projections/combat-queries.ts";
import { economyProjector } from "../../projections/economy.ts";
import { listTrades } from "../../projections/economy-queries.ts";
import { playerProjector } from "../../projections/player.ts";
import { archivePlayers } from "../../projections/player-archive.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReadModels } from "./read-models.ts";

const database = useDatabase();
const models = useReadModels(database, 6_000);
const DAY_MS = 86_400_000;
const NOBODY = "00000000-0000-4000-8000-000000000009";

async function countOf(table: string, where = "true"): Promise<number> {
  return (
    (await rowsOf<{ n: number }>(database.url, `SELECT count(*)::int AS n FROM ${table} WHERE ${where}`))[0]?.n ?? 0
  );
}
const OVER = "etat IN ('TERMINE', 'ABANDONNE')";

/** Nothing is archived, and every combat is as old as its story. */
beforeEach(async () => {
  await models.caughtUp();
  if ((await countOf("instances_combat_archive")) > 0) await models.rebuild(combatProjector);
  if ((await countOf("transactions_economie_archive")) > 0) await models.rebuild(economyProjector);
  await withClient(database.url, (client) => client.query("DELETE FROM joueurs_archive"));
});

async function archiveAll(): Promise<void> {
  await runArchive(models.pool, combatArchive, { olderThanDays: 30, batchSize: 3 });
  await runArchive(models.pool, tradeArchive, { olderThanDays: 90, batchSize: 5 });
}

test("[UPKEEP-12] an archive has its table's columns, in their order", async () => {
  const columns = (table: string) =>
    rowsOf(
      database.url,
      `SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [table],
    );
  const archives = projectors.flatMap((one) => one.archives ?? []);
  expect(archives).toHaveLength(6);
  for (const archive of archives)
    expect(await columns(archive)).toEqual(await columns(archive.replace("_archive", "")));
});

test("[UPKEEP-12] combats that have been over for long are moved with all that is theirs, and no other", async () => {
  const ids = await rowsOf<{ id: string }>(
    database.url,
    `SELECT combat_id AS id FROM instances_combat WHERE ${OVER} ORDER BY combat_id`,
  );
  expect(ids.length).toBeGreaterThan(10);
  const [recent = "", late = "", ...old] = ids.map(({ id }) => id);
  const ago = (id: string, days: number) =>
    rowsOf(database.url, "UPDATE instances_combat SET heure_fin = now() - $2 * interval '1 day' WHERE combat_id = $1", [
      id,
      days,
    ]);
  await ago(recent, 29.9);
  await ago(late, 30.1);
  const going = await countOf("instances_combat", `NOT ${OVER}`);
  const before = await models.rows([combatProjector]);
  let moved = 0;
  await runArchive(models.pool, combatArchive, { olderThanDays: 30, batchSize: 2, onBatch: (n) => (moved += n) });
  expect(moved).toBe(old.length + 1);
  expect(await countOf("instances_combat")).toBe(going + 1);
  expect(await countOf("instances_combat_archive", `combat_id = '${late}'`)).toBe(1);
  for (const table of ["participants_combat", "actions_combat", "historique_combat"]) {
    expect(await countOf(`${table}_archive`), table).toBeGreaterThan(old.length);
    expect(await countOf(table, "combat_id IN (SELECT combat_id FROM instances_combat_archive)"), table).toBe(0);
    expect(await countOf(`${table}_archive`, "combat_id IN (SELECT combat_id FROM instances_combat)"), table).toBe(0);
  }
  expect(await models.rows([combatProjector])).toEqual(before);
});

test("[UPKEEP-12] old trades are moved, and no other", async () => {
  const recent = await rowsOf<{ id: string }>(
    database.url,
    `UPDATE transactions_economie SET executee_a = now() - interval '89 days'
     WHERE transaction_id IN (SELECT transaction_id FROM transactions_economie LIMIT 3) RETURNING transaction_id AS id`,
  );
  const all = await countOf("transactions_economie");
  expect(all).toBeGreaterThan(5);
  await runArchive(models.pool, tradeArchive, { olderThanDays: 90, batchSize: 2 });
  const left = await rowsOf<{ id: string }>(database.url, "SELECT transaction_id AS id FROM transactions_economie");
  expect(left.map(({ id }) => id).sort()).toEqual(recent.map(({ id }) => id).sort());
  expect(await countOf("transactions_economie_archive")).toBe(all - 3);
});

test("[UPKEEP-12] [UPKEEP-17] players not seen for long are copied whole, and what happens to one takes its copy away", async () => {
  const seen = "coalesce(derniere_connexion, cree_a)";
  const [newest] = await rowsOf<{ id: string; seen: Date }>(
    database.url,
    `SELECT joueur_id AS id, ${seen} AS seen FROM joueurs ORDER BY 2 DESC, 1 LIMIT 1`,
  );
  const days = Math.floor((Date.now() - (newest?.seen.getTime() ?? 0)) / DAY_MS);
  const all = await countOf("joueurs");
  await withClient(database.url, (client) =>
    client.query(
      "UPDATE joueurs SET derniere_connexion = NULL WHERE joueur_id IN (SELECT joueur_id FROM joueurs LIMIT 3)",
    ),
  );
  await archivePlayers(models.pool, { olderThanDays: days + 400, batchSize: 3 });
  expect(await countOf("joueurs_archive")).toBe(0);
  let copied = 0;
  const run = { olderThanDays: days - 1, batchSize: 3, onBatch: (n: number) => (copied += n) };
  await archivePlayers(models.pool, run);
  await archivePlayers(models.pool, run);
  expect(copied).toBe(all);
  expect(await countOf("joueurs")).toBe(all);
  const differing = "(SELECT * FROM joueurs EXCEPT SELECT * FROM joueurs_archive) AS d";
  expect(await countOf(differing)).toBe(0);

  // Everything that is told of other people, and nothing of these.
  await models.tell(31_000);
  await models.caughtUp();
  const [back] = await rowsOf<{ id: string }>(database.url, "SELECT joueur_id AS id FROM joueurs_archive LIMIT 1");
  const { id = "" } = back ?? {};
  expect(await countOf("joueurs_archive")).toBe(all);
  const head = await models.node.store.head(id);
  const event = {
    eventType: "JoueurConnecte",
    payload: { joueurId: id, sessionId: "s", a: new Date().toISOString() },
    timestamp: new Date().toISOString(),
  };
  const stream = { aggregateId: id, aggregateType: "Joueur", expectedVersion: head?.version ?? 0 } as const;
  const [like] = await rowsOf<{ metadata: never }>(
    database.url,
    "SELECT metadata FROM evenements WHERE event_type = 'JoueurConnecte' LIMIT 1",
  );
  const events = [{ ...event, eventId: crypto.randomUUID(), metadata: like?.metadata as never }];
  expect(await models.node.store.append({ actorId: id, streams: [{ ...stream, events }] })).toMatchObject({ ok: true });
  await models.caughtUp();
  expect(await countOf("joueurs_archive", `joueur_id = '${id}'`)).toBe(0);
  await archivePlayers(models.pool, run);
  expect(await countOf("joueurs_archive", `joueur_id = '${id}'`)).toBe(0);
  expect(await countOf("joueurs_archive")).toBeGreaterThanOrEqual(all - 1);
  await models.rebuild(playerProjector);
});

describe("[UPKEEP-13] each row is in the table or in the archive", () => {
  test("[UPKEEP-13] whenever a process that moves them is killed", async () => {
    const before = await models.rows([combatProjector]);
    const all = await countOf("instances_combat", OVER);
    let killed = 0;
    while ((await countOf("instances_combat", OVER)) > 6) {
      const child = spawn(process.execPath, [join(import.meta.dirname, "archive-child.ts"), database.url], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.on("error", () => undefined);
      for await (const line of createInterface(child.stdout)) {
        if (Number(line) <= 3) child.stdin.write("\n");
        // At whatever it does with the next one.
        if (Number(line) === 3) setTimeout(() => child.kill("SIGKILL"), Math.random() * 5);
      }
      await ended;
      killed += child.signalCode === "SIGKILL" ? 1 : 0;
      expect(await models.rows([combatProjector])).toEqual(before);
    }
    expect(killed).toBeGreaterThan(0);
    await archiveAll();
    expect(await countOf("instances_combat_archive")).toBe(all);
    expect(await models.rows([combatProjector])).toEqual(before);
  });

  test("[UPKEEP-13] though several move them at once, while projectors write and read models are made anew", async () => {
    const before = await models.rows();
    const movers = (archive: Archive, days: number) =>
      [1, 2, 3].map(() => runArchive(models.pool, archive, { olderThanDays: days, batchSize: 1 }));
    const moving = [...movers(combatArchive, 30), ...movers(tradeArchive, 90)];
    await Promise.all([...moving, models.rebuild(combatProjector), models.rebuild(economyProjector)]);
    expect(await models.rows()).toEqual(before);
    await Promise.all([models.tell(32_000), ...movers(combatArchive, 30), ...movers(tradeArchive, 90)]);
    await models.caughtUp();
    const after = await models.rows();
    expect(after).not.toEqual(before);
    await archiveAll();
    expect(await countOf("instances_combat", OVER)).toBe(0);
    expect(await models.rows()).toEqual(after);
    for (const projector of [combatProjector, economyProjector]) await models.rebuild(projector);
    expect(await models.rows()).toEqual(after);
  });
});

test("[UPKEEP-14] an archived combat, its history and its acts, and archived trades are read as before", async () => {
  const ids = await rowsOf<{ id: string; joueur: string }>(
    database.url,
    `SELECT combat_id AS id, (SELECT entite_id FROM participants_combat p WHERE p.combat_id = i.combat_id AND type_entite = 'JOUEUR'
       LIMIT 1) AS joueur FROM instances_combat i WHERE ${OVER}`,
  );
  const goods = await rowsOf<{ id: string }>(
    database.url,
    "SELECT DISTINCT item_id AS id FROM transactions_economie ORDER BY 1",
  );
  const pool = models.pool;
  async function whole(read: typeof readHistory | typeof readActions, combatId: string) {
    const all: unknown[] = [];
    for (let after: Parameters<typeof readHistory>[1]["after"]; ; ) {
      const { items, next } = await read(pool, { combatId, after, limit: 7 });
      all.push(...items);
      if (next === undefined) return all;
      after = next;
    }
  }
  async function everything() {
    const seen: unknown[] = [];
    for (const { id, joueur } of ids)
      seen.push([
        await readCombat(pool, id),
        await combatHeads(pool, [id], { userId: joueur, seesAll: false, delayMs: 0 }),
        await combatHeads(pool, [id], { userId: NOBODY, seesAll: false, delayMs: 0 }),
        await whole(readHistory, id),
        await whole(readActions, id),
      ]);
    for (const { id } of goods) seen.push(await listTrades(pool, id, { limit: 100 }));
    return seen;
  }
  const before = await everything();
  // Some of an item's trades stay: a page spans both.
  await runArchive(pool, combatArchive, { olderThanDays: 30 });
  await withClient(database.url, (client) =>
    client.query(
      `UPDATE transactions_economie SET executee_a = executee_a WHERE false;
       WITH gone AS (DELETE FROM transactions_economie WHERE event_sequence % 2 = 0 RETURNING *)
       INSERT INTO transactions_economie_archive SELECT * FROM gone`,
    ),
  );
  expect(await countOf("instances_combat", OVER)).toBe(0);
  expect(await countOf("transactions_economie_archive")).toBeGreaterThan(0);
  expect(await everything()).toEqual(before);
});

test("[UPKEEP-15] events that come again bring nothing of it back", async () => {
  await archiveAll();
  const before = await models.rows();
  const archived = await countOf("instances_combat_archive");
  const trades = await countOf("transactions_economie_archive");
  expect(archived * trades).toBeGreaterThan(0);
  const { store } = models.node;
  const client = await models.pool.connect();
  try {
    for (let after = 0; ; ) {
      const events = await store.readAll(after, await store.highWaterMark(), { limit: 90 });
      const last = events.at(-1);
      if (last === undefined) break;
      await client.query("BEGIN");
      for (const projector of [combatProjector, economyProjector]) {
        const own = events.filter(({ eventType }) => projector.eventTypes.includes(eventType));
        if (own.length > 0) await projector.apply(own, client);
      }
      await client.query("COMMIT");
      after = last.sequence;
    }
  } finally {
    client.release();
  }
  expect(await models.rows()).toEqual(before);
  expect(await countOf("instances_combat_archive")).toBe(archived);
  expect(await countOf("transactions_economie_archive")).toBe(trades);
  expect(await countOf("instances_combat", OVER)).toBe(0);
});

test("[UPKEEP-16] a read model that is made anew holds everything live, and is archived again", async () => {
  const before = await models.rows();
  await archiveAll();
  await archivePlayers(models.pool, { olderThanDays: 1 });
  const players = await countOf("joueurs_archive");
  const archived = await countOf("instances_combat_archive");
  for (const projector of [combatProjector, economyProjector, playerProjector]) {
    await models.rebuild(projector);
    for (const archive of projector.archives ?? []) expect(await countOf(archive)).toBe(0);
  }
  expect(await models.rows()).toEqual(before);
  await archiveAll();
  await archivePlayers(models.pool, { olderThanDays: 1 });
  expect(await countOf("instances_combat_archive")).toBe(archived);
  expect(await countOf("joueurs_archive")).toBe(players);
  expect(await models.rows()).toEqual(before);
});
