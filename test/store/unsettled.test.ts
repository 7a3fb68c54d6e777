import { v7 } from "uuid";
import { describe, expect, test } from "vitest";
import type { AppendRequest, AppendResult, EventStore, StreamAppend } from "../../store/event-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { definitions, event, gains, inventaire, joueur, readStream, versions } from "./fixtures.ts";

const database = useDatabase();
const release = useReleasers();

function open(batchEvents: number): EventStore {
  const store = openStore({ url: database.url }, createRegistry(definitions), { lanes: 2, batchEvents });
  release(() => store.close());
  return store;
}

const nameOf = (result: AppendResult | undefined) => (result?.ok ? "ok" : result?.reason);

/** Ids that take the lane 0 or 1. */
function actorOf(lane: number): string {
  return `${v7().slice(0, -1)}${lane}`;
}

/** What an actor asks for in one breath: its bag, then its quests upon that, then itself upon both. The first is at fault. */
function pipeline(first: "stale" | "refused by the database") {
  return (player: string, bag: string, quests: string, epoch: number | undefined): AppendRequest[] => {
    const main = (version: number, events = gains(0)) => ({ ...joueur(player, version, events), epoch });
    const quete = (version: number, n: number): StreamAppend => ({
      ...inventaire(quests, version, gains(n)),
      aggregateType: "Quete",
    });
    const [at, events] = first === "stale" ? [5, gains(1)] : [0, [event("ItemAjoute", { nom: "\u0000" })]];
    return [
      { actorId: player, streams: [main(1), inventaire(bag, at, events)] },
      { actorId: player, streams: [main(1), inventaire(bag, at + 1, []), quete(0, 1)] },
      { actorId: player, streams: [main(1, gains(1)), inventaire(bag, at + 1, []), quete(1, 0)] },
    ];
  };
}

describe.each([
  ["merged in one unit", 1_000, false],
  ["each in a batch of its own", 1, false],
  ["asked for while the one before is under way", 1_000, true],
])("pipelined appends of one actor to different streams, %s,", (_, batchEvents, apart) => {
  const store = open(batchEvents);

  test.each([
    ["stale", 0],
    ["stale", 1],
    ["refused by the database", 0],
    ["refused by the database", 1],
  ] as const)("[STORE-22] fail together when the first is %s, in lane %i", async (fault, lane) => {
    const [player, bag, quests] = [actorOf(lane), v7(), v7()];
    await store.append({ actorId: player, streams: [joueur(player, 0, gains(1))] });
    const owner = await store.activate(player, "node");
    const [bystander, other] = [actorOf(lane), v7()];
    const results: Promise<AppendResult>[] = [];
    for (const request of pipeline(fault)(player, bag, quests, owner?.epoch)) {
      results.push(store.append(request));
      if (apart) await new Promise(setImmediate);
      if (results.length === 1) {
        const streams = [joueur(bystander, 0, gains(1)), inventaire(other, 0, gains(1))];
        results.push(store.append({ actorId: bystander, streams }));
      }
    }
    const [first, beside, ...later] = (await Promise.all(results)).map(nameOf);
    expect(first).toBe(fault === "stale" ? "CONFLICT" : "INVALID");
    expect(beside, "others of the batch are written").toBe("ok");
    for (const one of later) expect(["CONFLICT", "INVALID"]).toContain(one);
    expect(await store.heads([bag, quests])).toEqual(new Map());
    expect(await store.head(player)).toMatchObject({ version: 1 });
    for (const id of [bag, quests]) expect(versions(await readStream(store, id))).toEqual([]);
    const good = { actorId: player, streams: [joueur(player, 1, gains(1)), inventaire(bag, 0, gains(1))] };
    expect(nameOf(await store.append(good))).toBe("ok");
  });
});
