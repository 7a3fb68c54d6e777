import { v7 } from "uuid";
import { expect, test } from "vitest";
import type { EventStore, StreamAppend } from "../../store/event-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { holdAppends } from "../support/appends-held.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { append, definitions, gains, joueur } from "./fixtures.ts";

const database = useDatabase();
const release = useReleasers();

function open(): EventStore {
  const store = openStore({ url: database.url }, createRegistry(definitions));
  release(() => store.close());
  return store;
}

test("[STORE-23] heads are locked in the order of their ids, whatever the request's: nobody waits in a circle", async () => {
  const [node, other] = [open(), open()];
  const ids = [v7(), v7(), v7()].sort();
  const [low, middle, high] = ids as [string, string, string];
  for (const id of ids) await append(node, joueur(id, 0, gains(1)));
  const both = (...streams: StreamAppend[]) => node.append({ actorId: v7(), streams });
  const [waiting] = await holdAppends(database.url, low, async (blocked) => {
    const asked = both(joueur(high, 1, gains(1)), joueur(middle, 1, gains(1)), joueur(low, 1, gains(1)));
    await blocked();
    // Who waits for the lowest one's head holds none of the others'.
    expect(await append(other, joueur(high, 1, gains(1)))).toMatchObject({ ok: true });
    expect(await append(other, joueur(middle, 1, gains(1)))).toMatchObject({ ok: true });
    return [asked] as const;
  });
  expect(await waiting).toEqual({ ok: false, reason: "CONFLICT", aggregateId: middle, expected: 1, actual: 2 });
});
