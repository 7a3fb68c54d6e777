import { v7 } from "uuid";
import { expect, test } from "vitest";
import { createRegistry } from "../../store/registry.ts";
import { rowsOf } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, gains, joueur, readStream } from "./fixtures.ts";

const NODES = 4;
const ACTORS_A_NODE = 4;
const LASTS_MS = 2_000;

const database = useDatabase();
const release = useReleasers();

test("[STORE-23] requests that name the same streams in different orders wait for each other, never in a circle", async () => {
  const nodes = Array.from({ length: NODES }, () => openStore({ url: database.url }, createRegistry(definitions)));
  for (const node of nodes) release(() => node.close());
  const [store] = nodes;
  if (store === undefined) return;
  const ids = [v7(), v7()];
  for (const id of ids) await append(store, joueur(id, 0, gains(1)));
  const end = Date.now() + LASTS_MS;
  let written = 0;
  const actors = nodes.flatMap((node, n) =>
    Array.from({ length: ACTORS_A_NODE }, async (_, k) => {
      const order = (n + k) % 2 === 0 ? ids : ids.toReversed();
      while (Date.now() < end) {
        const heads = await node.heads(order);
        const streams = order.map((id) => joueur(id, heads.get(id)?.version ?? 0, gains(1)));
        const result = await node.append({ actorId: v7(), streams });
        if (result.ok) written += 1;
        else expect(result.reason).toBe("CONFLICT");
      }
    }),
  );
  await Promise.all(actors);
  for (const id of ids) expect(await readStream(store, id)).toHaveLength(1 + written);
  expect(written).toBeGreaterThan(10);
  // Sessions tell their statistics when they end, or once a second.
  await Promise.all(nodes.map((node) => node.close()));
  const deadlocks = "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()";
  expect(await rowsOf(database.url, deadlocks)).toEqual([{ deadlocks: 0 }]);
});
