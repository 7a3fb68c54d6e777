import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { expect } from "vitest";
import { createRegistry } from "../../store/registry.ts";
import { withClient } from "../support/client.ts";
import { appendRaw } from "../support/raw-append.ts";
import { openStore } from "../support/store.ts";
import { append, definitions, gains, joueur } from "./fixtures.ts";

/** A store of its own with three actors, who add two events at a time. */
async function writeFast(url: string, running: () => boolean): Promise<void> {
  const store = openStore({ url, poolSize: 1 }, createRegistry(definitions), { lanes: 1 });
  const actors = Array.from({ length: 3 }, async () => {
    const id = v7();
    for (let version = 0; running(); version += 2) {
      expect(await append(store, joueur(id, version, gains(2)))).toMatchObject({ ok: true });
      await sleep(Math.random() * 4);
    }
  });
  await Promise.all(actors);
  await store.close();
}

/** Takes its number early and commits late, or not at all. */
async function writeSlowly(url: string, running: () => boolean, end: "COMMIT" | "ROLLBACK"): Promise<void> {
  await withClient(url, async (client) => {
    const id = v7();
    for (let version = 0; running(); version += end === "COMMIT" ? 1 : 0) {
      await client.query("BEGIN");
      await appendRaw(client, id, version);
      await client.query("SELECT pg_sleep(random() * 0.03)");
      await client.query(end);
    }
  });
}

/** Writers that append, stall and roll back all at once, until told to end. */
export function startWriters(url: string, { fast = 6, slow = 6, rolledBack = 4 } = {}): { end(): Promise<void> } {
  let writing = true;
  const running = () => writing;
  const writers = Promise.all([
    ...Array.from({ length: fast }, () => writeFast(url, running)),
    ...Array.from({ length: slow }, () => writeSlowly(url, running, "COMMIT")),
    ...Array.from({ length: rolledBack }, () => writeSlowly(url, running, "ROLLBACK")),
  ]);
  writers.catch(() => undefined); // reported by end
  return {
    async end() {
      writing = false;
      await writers;
    },
  };
}
