import type pg from "pg";
import { afterEach, expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { holdNodeLock, type NodeLock } from "../../store/node-lock.ts";
import { createNodes, type Nodes } from "../../store/nodes.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { uuidv7 } from "../../store/uuid.ts";
import { rowsOf } from "../support/client.ts";
import { gameRegistry } from "../support/game-node.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();
const GAME = { url: "http://127.0.0.1:1", gameAddress: "127.0.0.1:2" };

interface Node {
  readonly nodeId: string;
  readonly nodes: Nodes;
  /** Ends the session that holds its lock. */
  die(): Promise<void>;
}

const open: { readonly pool: pg.Pool; readonly lock: NodeLock }[] = [];
afterEach(async () => {
  for (const { pool, lock } of open.splice(0)) {
    await lock.release();
    await pool.end();
  }
  await rowsOf(database.url, "DELETE FROM nodes");
  await rowsOf(database.url, "DELETE FROM stream_heads");
});

async function live(actors = 0, timeoutMs = 60_000): Promise<Node> {
  const nodeId = uuidv7();
  const pool = createPool({ url: database.url, poolSize: 2 });
  const lock = holdNodeLock(createPool({ url: database.url, poolSize: 1 }), nodeId, () => undefined);
  open.push({ pool, lock });
  await lock.held();
  const nodes = createNodes(pool, { nodeId, timeoutMs });
  await nodes.beat({ ...GAME, actors, draining: false });
  return { nodeId, nodes, die: () => lock.release() };
}

async function head(
  aggregate_type: string,
  owner: string | null,
  { rests = false, version = 1 } = {},
): Promise<string> {
  const id = uuidv7();
  await rowsOf(
    database.url,
    "INSERT INTO stream_heads (aggregate_id, aggregate_type, version, owner_node, rests) VALUES ($1, $2, $3, $4, $5)",
    [id, aggregate_type, version, owner, rests],
  );
  return id;
}

const idsOf = (claimed: readonly { readonly id: string }[]): readonly string[] => claimed.map(({ id }) => id).sort();

test("[NODE-9] a node lives while its session holds its lock and its heartbeat is fresh", async () => {
  const [one, other] = [await live(), await live()];
  expect(await one.nodes.find(other.nodeId)).toEqual(GAME);
  await rowsOf(database.url, "UPDATE nodes SET heartbeat_at = now() - interval '61 seconds' WHERE node_id = $1", [
    other.nodeId,
  ]);
  expect(await one.nodes.find(other.nodeId)).toBeUndefined();
  await other.nodes.beat({ ...GAME, actors: 0, draining: false });
  expect(await one.nodes.find(other.nodeId)).toEqual(GAME);
  await other.die();
  await expect.poll(() => one.nodes.find(other.nodeId)).toBeUndefined();
  expect(await one.nodes.find(uuidv7())).toBeUndefined();
  expect((await one.nodes.hosts()).map(({ nodeId }) => nodeId)).toEqual([one.nodeId]);
});

test("[NODE-9] a lock whose connection is lost is taken again", async () => {
  const [one, other] = [await live(), await live()];
  await rowsOf(
    database.url,
    `SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE locktype = 'advisory'
       AND classid::bigint = hashtext('aether.node')::bigint & 4294967295 AND objid::bigint = hashtext($1)::bigint & 4294967295`,
    [other.nodeId],
  );
  await expect.poll(() => one.nodes.find(other.nodeId)).toEqual(GAME);
});

test("[NODE-10] what a dead node ran is taken by those that look, each some and none twice; what lives or rests is left", async () => {
  const [one, other, third] = [await live(), await live(), await live()];
  const running = await head("Combat", third.nodeId);
  await head("Combat", "gone", { rests: true });
  await head("Combat", "gone", { version: 0 });
  await head("Joueur", "gone");
  const dead: string[] = [];
  for (let i = 0; i < 20; i += 1) dead.push(await head(i % 2 === 0 ? "Combat" : "Economy", "gone"));
  const taken = await Promise.all([one.nodes.claim(12, []), other.nodes.claim(12, [])]);
  expect(taken.map(({ length }) => length > 0 && length <= 12)).toEqual([true, true]);
  const rest = await one.nodes.claim(12, []);
  expect(idsOf([...taken.flat(), ...rest])).toEqual([...dead].sort());
  const mine = idsOf(taken[0]);
  expect([...(await one.nodes.lost([running, ...mine]))]).toEqual([running]);
  expect([...(await other.nodes.lost(mine))].sort()).toEqual(mine);
  await third.die();
  await expect.poll(async () => idsOf(await one.nodes.claim(12, []))).toEqual([running]);
});

test("[NODE-10] what nobody has ever run is taken when it is named", async () => {
  const one = await live();
  const fresh = await head("Combat", null);
  expect(await one.nodes.claim(10, [])).toEqual([]);
  expect(await one.nodes.unowned(10)).toEqual([fresh]);
  expect(idsOf(await one.nodes.claim(10, [fresh]))).toEqual([fresh]);
  expect(await one.nodes.unowned(10)).toEqual([]);
});

test("[NODE-10] what its owner has let go rests until it is activated again", async () => {
  const one = await live();
  const pool = () => createPool({ url: database.url, poolSize: 1 });
  const store = createPostgresStore({ writePool: pool(), readPool: pool() }, gameRegistry());
  const id = await head("Combat", "gone");
  const activated = await store.activate(id, "gone");
  await store.rest(id, (activated?.epoch ?? 0) - 1);
  await store.rest(id, activated?.epoch ?? 0);
  expect(await one.nodes.claim(10, [])).toEqual([]);
  await store.activate(id, "gone");
  expect(idsOf(await one.nodes.claim(10, []))).toEqual([id]);
  await store.close();
});

test("[NODE-11] what is to be run is given to the least busy", async () => {
  const nodes = [await live(3), await live(1), await live(2)];
  await nodes[0]?.nodes.beat({ ...GAME, gameAddress: undefined, actors: 0, draining: false });
  expect((await nodes[1]?.nodes.hosts())?.map(({ nodeId }) => nodeId)).toEqual([nodes[1]?.nodeId, nodes[2]?.nodeId]);
});
