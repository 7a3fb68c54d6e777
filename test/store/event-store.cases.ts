import { v7 } from "uuid";
import { beforeAll, describe, expect, test } from "vitest";
import type { EventStore, Snapshot } from "../../store/event-store.ts";
import { createRegistry, type EventRegistry } from "../../store/registry.ts";
import { append, definitions, event, gains, ids, inventaire, joueur, readStream, versions } from "./fixtures.ts";

/** What every event store must do. Its tests share one store, so each begins streams of its own. */
export function describeEventStore(name: string, open: (registry: EventRegistry) => EventStore): void {
  describe(`event store: ${name}`, () => {
    let store: EventStore;
    beforeAll(() => {
      store = open(createRegistry(definitions));
    });

    test("[STORE-1] what was appended is read back whole, versions without gaps, in rising sequence", async () => {
      const id = v7();
      const events = [
        event("ExperienceGagnee", { montant: 1 }, { timestamp: `${thisMonth()}-01T00:00:00.100Z` }),
        event("ItemAjoute", { nom: 'l\'épée "Ω" \\ 🗡 \n' }, { timestamp: `${thisMonth()}-02T00:00:00.000Z` }),
        event("DegatsInfliges", { degats: 7, critique: true }),
      ];
      const result = await append(store, joueur(id, 0, events));
      expect(result).toMatchObject({ ok: true });
      const read = await readStream(store, id);
      expect(read).toEqual(
        events.map((written, i) => ({
          ...written,
          aggregateId: id,
          aggregateType: "Joueur",
          version: i + 1,
          sequence: result.ok ? result.sequences[i] : undefined,
        })),
      );
      const sequences = read.map(({ sequence }) => sequence);
      expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    });

    test("[STORE-2] an append at another version than the stream's writes nothing and tells both versions", async () => {
      const id = v7();
      expect(await append(store, joueur(id, 3, gains(1)))).toEqual(conflict(id, 3, 0));
      await append(store, joueur(id, 0, gains(2)));
      expect(await append(store, joueur(id, 0, gains(1)))).toEqual(conflict(id, 0, 2));
      expect(await append(store, joueur(id, 1, gains(1)))).toEqual(conflict(id, 1, 2));
      expect(await append(store, joueur(id, 5, gains(1)))).toEqual(conflict(id, 5, 2));
      expect(versions(await readStream(store, id))).toEqual([1, 2]);
      expect(await append(store, joueur(id, 2, gains(1)))).toMatchObject({ ok: true });
    });

    test("[STORE-2] of many that append at the same version, one wins", async () => {
      const id = v7();
      const results = await Promise.all(
        Array.from({ length: 8 }, () => store.append({ actorId: v7(), streams: [joueur(id, 0, gains(1))] })),
      );
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      expect(versions(await readStream(store, id))).toEqual([1]);
    });

    test("[STORE-2] a stream keeps the aggregate type that it began with", async () => {
      const id = v7();
      await append(store, joueur(id, 0, gains(1)));
      expect(await append(store, inventaire(id, 1, gains(1)))).toMatchObject({ ok: false, reason: "CONFLICT" });
      expect(await store.head(id)).toMatchObject({ aggregateType: "Joueur", version: 1 });
    });

    test("[STORE-3] several streams change together or not at all", async () => {
      const [a, b] = [v7(), v7()];
      const both = (versionA: number, versionB: number) =>
        store.append({ actorId: a, streams: [joueur(a, versionA, gains(2)), inventaire(b, versionB, gains(1))] });
      const first = await both(0, 0);
      expect(first).toMatchObject({ ok: true });
      const read = [...(await readStream(store, a)), ...(await readStream(store, b))];
      expect(read.map(({ sequence }) => sequence)).toEqual(first.ok && first.sequences);
      expect(await both(2, 0)).toEqual(conflict(b, 0, 1));
      expect(await both(0, 1)).toEqual(conflict(a, 0, 2));
      const fresh = v7();
      const refused = { actorId: a, streams: [joueur(fresh, 0, gains(1)), inventaire(b, 7, gains(1))] };
      expect(await store.append(refused)).toEqual(conflict(b, 7, 1));
      expect(await store.head(fresh)).toBeUndefined();
      expect(await readStream(store, fresh)).toEqual([]);
      expect([(await store.head(a))?.version, (await store.head(b))?.version]).toEqual([2, 1]);
      expect(await append(store, joueur(fresh, 0, gains(1)))).toMatchObject({ ok: true });
    });

    test("[STORE-4] a conflict fails its own request, not the others of its batch", async () => {
      const all = Array.from({ length: 20 }, () => v7());
      const results = await Promise.all(all.map((id, i) => append(store, joueur(id, i % 3 === 0 ? 9 : 0, gains(2)))));
      for (const [i, id] of all.entries()) {
        const refused = i % 3 === 0;
        expect(results[i]).toEqual(refused ? conflict(id, 9, 0) : { ok: true, sequences: expect.any(Array) });
        const read = await readStream(store, id);
        expect(versions(read)).toEqual(refused ? [] : [1, 2]);
        const result = results[i];
        if (result?.ok) expect(read.map(({ sequence }) => sequence)).toEqual(result.sequences);
      }
    });

    test("[STORE-5] an actor's appends are written in the order in which it asked, without waiting for each other", async () => {
      const id = v7();
      const bag = v7();
      const steps = Array.from({ length: 12 }, (_, i) => [
        joueur(id, i * 2, gains(2, i * 2)),
        ...(i % 4 === 0 ? [inventaire(bag, i / 4, gains(1))] : []),
      ]);
      const results = await Promise.all(steps.map((streams) => store.append({ actorId: id, streams })));
      const sequences = results.flatMap((result) => (result.ok ? result.sequences : []));
      expect(sequences).toHaveLength(27);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      const read = await readStream(store, id);
      expect(read.map(({ payload }) => payload)).toEqual(Array.from({ length: 24 }, (_, montant) => ({ montant })));
      for (const [i, result] of results.entries()) {
        const own = read.slice(i * 2, i * 2 + 2).map(({ sequence }) => sequence);
        expect(result.ok && result.sequences.slice(0, 2)).toEqual(own);
      }
    });

    test("[STORE-5] what was decided upon a failed append fails too; what came before it stands", async () => {
      const [id, bag] = [v7(), v7()];
      const [first, second, third] = await Promise.all([
        store.append({ actorId: id, streams: [joueur(id, 0, gains(1))] }),
        store.append({ actorId: id, streams: [joueur(id, 1, gains(1)), inventaire(bag, 4, gains(1))] }),
        store.append({ actorId: id, streams: [joueur(id, 2, gains(1))] }),
      ]);
      expect(first).toMatchObject({ ok: true });
      expect(second).toEqual(conflict(bag, 4, 0));
      expect(third).toMatchObject({ ok: false });
      expect(versions(await readStream(store, id))).toEqual([1]);
    });

    test("[STORE-6] an event that is not as its schema says is refused before anything is written, alone", async () => {
      const bad = [
        event("ExperienceGagnee", { montant: 1.5 }),
        event("ExperienceGagnee", { montant: 1, autre: true }),
        event("ExperienceGagnee", { montant: 1 }, { eventType: "JamaisVu" }),
        event(
          "DegatsInfliges",
          { degats: 1, critique: false },
          { metadata: { correlationId: v7(), tenantId: "default", schemaVersion: 1 } },
        ),
      ];
      const good = v7();
      const [fine, ...refused] = await Promise.all([
        append(store, joueur(good, 0, gains(1))),
        ...bad.map((wrong) => append(store, joueur(v7(), 0, [...gains(1), wrong]))),
      ]);
      expect(fine).toMatchObject({ ok: true });
      for (const result of refused) expect(result).toMatchObject({ ok: false, reason: "INVALID" });
      const twice = await store.append({
        actorId: good,
        streams: [joueur(good, 1, gains(1)), joueur(good, 1, gains(1))],
      });
      expect(twice).toMatchObject({ ok: false, reason: "INVALID" });
      expect(versions(await readStream(store, good))).toEqual([1]);
    });

    test("[STORE-7] activation raises the epoch, and shuts out the appends of every earlier owner", async () => {
      const id = v7();
      expect(await store.activate(id, "node-a")).toBeUndefined();
      await append(store, joueur(id, 0, gains(1)));
      const before = await store.head(id);
      const first = await store.activate(id, "node-a");
      expect(first).toEqual({
        aggregateType: "Joueur",
        version: 1,
        epoch: (before?.epoch ?? 0) + 1,
        owner: expect.any(String),
      });
      expect(await append(store, { ...joueur(id, 1, gains(1)), epoch: first?.epoch })).toMatchObject({ ok: true });
      const second = await store.activate(id, "node-b");
      expect(await append(store, { ...joueur(id, 2, gains(1)), epoch: first?.epoch })).toEqual(conflict(id, 2, 2));
      expect(await append(store, { ...joueur(id, 2, gains(1)), epoch: second?.epoch })).toMatchObject({ ok: true });
      expect(await append(store, joueur(id, 3, gains(1))), "a cold write demands no epoch").toMatchObject({ ok: true });
      expect(await store.head(id)).toEqual({
        aggregateType: "Joueur",
        version: 4,
        epoch: second?.epoch,
        owner: expect.any(String),
      });
    });

    test("[STORE-8] the outcome of a command without events is kept, the first one for ever", async () => {
      const id = v7();
      const commandId = v7();
      const keep = (outcome: unknown) =>
        store.append({ actorId: id, streams: [], outcomes: [{ aggregateId: id, commandId, outcome }] });
      expect(await keep({ code: "TROP_TARD" })).toEqual({ ok: true, sequences: [] });
      expect(await keep({ code: "AUTRE" })).toMatchObject({ ok: true });
      expect(await store.outcomes(id)).toEqual([{ aggregateId: id, commandId, outcome: { code: "TROP_TARD" } }]);
      expect(await store.outcomes(v7())).toEqual([]);
    });

    test("[STORE-8] an outcome is kept in the commit of its request's events, or not at all", async () => {
      const id = v7();
      const outcome = { aggregateId: id, commandId: v7(), outcome: { code: "FINI" } };
      await store.append({ actorId: id, streams: [joueur(id, 5, gains(1))], outcomes: [outcome] });
      expect(await store.outcomes(id)).toEqual([]);
      await store.append({ actorId: id, streams: [joueur(id, 0, gains(1))], outcomes: [outcome] });
      expect(await store.outcomes(id)).toEqual([outcome]);
    });

    test("[STORE-8] of a stream's outcomes the newest 256 are told, oldest first", async () => {
      const id = v7();
      const all = Array.from({ length: 260 }, () => v7());
      for (const commandId of all)
        await store.append({ actorId: id, streams: [], outcomes: [{ aggregateId: id, commandId, outcome: {} }] });
      expect((await store.outcomes(id)).map(({ commandId }) => commandId)).toEqual(all.slice(-256));
    });

    test("[STORE-19] the heads of those streams that exist are told together", async () => {
      const [player, bag, nothing] = [v7(), v7(), v7()];
      expect(await store.heads([player, bag, nothing])).toEqual(new Map());
      await store.append({ actorId: player, streams: [joueur(player, 0, gains(2)), inventaire(bag, 0, gains(1))] });
      await store.activate(bag, "node-a");
      const heads = await store.heads([bag, nothing, player]);
      expect([...heads.keys()].sort()).toEqual([player, bag].sort());
      for (const id of [player, bag]) expect(heads.get(id)).toEqual(await store.head(id));
      expect(heads.get(bag)).toMatchObject({ aggregateType: "Inventaire", version: 1, owner: "node-a" });
      expect(await store.heads([])).toEqual(new Map());
    });

    test("[STORE-20] one outcome is found by its command, whatever came after it; others' are not", async () => {
      const id = v7();
      const commandId = v7();
      const keep = (aggregateId: string, outcome: unknown, lasting = true) => ({
        actorId: id,
        streams: [],
        outcomes: [{ aggregateId, commandId, outcome, lasting }],
      });
      expect(await store.outcome(id, commandId)).toBeUndefined();
      await store.append(keep(id, { accepted: { version: 3, ranges: [[0, 1, 3]] } }));
      await store.append(keep(id, { code: "AUTRE" }, false));
      expect(await store.outcome(id, commandId)).toEqual({ accepted: { version: 3, ranges: [[0, 1, 3]] } });
      expect(await store.outcome(id, v7())).toBeUndefined();
      expect(await store.outcome(v7(), commandId)).toBeUndefined();
    });

    test("[STORE-20] a lasting outcome is kept in the commit of its request's events, or not at all", async () => {
      const id = v7();
      const commandId = v7();
      const step = (version: number) =>
        store.append({
          actorId: id,
          streams: [joueur(id, version, gains(1))],
          outcomes: [{ aggregateId: id, commandId, outcome: { version }, lasting: true }],
        });
      expect(await step(4)).toEqual(conflict(id, 4, 0));
      expect(await store.outcome(id, commandId)).toBeUndefined();
      expect(await step(0)).toMatchObject({ ok: true });
      expect(await store.outcome(id, commandId)).toEqual({ version: 0 });
    });

    test("[STORE-21] a stream may be known by a refused command alone: at version 0, with epochs, not readable", async () => {
      const id = v7();
      const outcome = { aggregateId: id, commandId: v7(), outcome: { code: "TROP_TOT" } };
      const refused = (epoch?: number) =>
        store.append({ actorId: id, streams: [{ ...joueur(id, 0, []), epoch }], outcomes: [outcome] });
      expect(await refused(1)).toEqual({ ok: true, sequences: [] });
      expect(await store.head(id)).toMatchObject({ aggregateType: "Joueur", version: 0, epoch: 1 });
      expect(await readStream(store, id)).toEqual([]);
      expect(await store.outcomes(id)).toMatchObject([outcome]);
      const owner = await store.activate(id, "node-a");
      expect(owner).toMatchObject({ version: 0, epoch: 2 });
      expect(await refused(1)).toMatchObject({ ok: false, reason: "CONFLICT" });
      expect(await append(store, { ...joueur(id, 0, gains(1)), epoch: 1 })).toEqual(conflict(id, 0, 0));
      expect(await append(store, inventaire(id, 0, gains(1)))).toMatchObject({ ok: false, reason: "CONFLICT" });
      expect(await store.head(id), "an append that fails leaves its epoch alone").toEqual(owner);
      expect(await append(store, { ...joueur(id, 0, gains(1)), epoch: 2 })).toMatchObject({ ok: true });
      expect(await store.head(id)).toMatchObject({ version: 1, epoch: 2, owner: "node-a" });
    });

    test("[STORE-21] a stream that is only demanded, at version 0 too, fails the request if it has moved", async () => {
      const [player, bag] = [v7(), v7()];
      const step = (version: number) =>
        store.append({ actorId: player, streams: [joueur(player, version, gains(1)), inventaire(bag, 0, [])] });
      expect(await step(0)).toMatchObject({ ok: true, sequences: [expect.any(Number)] });
      expect(await step(1)).toMatchObject({ ok: true });
      await append(store, inventaire(bag, 0, gains(1)));
      expect(await step(2)).toEqual(conflict(bag, 0, 1));
      expect([(await store.head(player))?.version, (await store.head(bag))?.version]).toEqual([2, 1]);
    });

    test("[STORE-9] the newest three snapshots of a stream are kept, whatever their state version", async () => {
      const id = v7();
      await store.saveSnapshots([snapshot(id, 50, 1)]);
      for (const version of [100, 150, 150]) await store.saveSnapshots([snapshot(id, version, 2)]);
      expect(await store.latestSnapshot(id, 1)).toEqual(snapshot(id, 50, 1));
      await store.saveSnapshots([snapshot(id, 200, 2)]);
      expect(await store.latestSnapshot(id, 1)).toBeUndefined();
      expect(await store.latestSnapshot(id, 2)).toEqual(snapshot(id, 200, 2));
    });

    test("[STORE-9] a snapshot of another state version is ignored", async () => {
      const id = v7();
      await store.saveSnapshots([snapshot(id, 50, 1)]);
      await store.saveSnapshots([snapshot(id, 100, 2)]);
      expect((await store.latestSnapshot(id, 1))?.version).toBe(50);
      expect((await store.latestSnapshot(id, 2))?.version).toBe(100);
      expect(await store.latestSnapshot(id, 3)).toBeUndefined();
    });

    test("[STORE-10] a stream is read from one version to another, however long", async () => {
      const id = v7();
      await append(store, joueur(id, 0, gains(4_003)));
      expect(versions(await readStream(store, id))).toEqual(Array.from({ length: 4_003 }, (_, i) => i + 1));
      expect(versions(await readStream(store, id, 4_002))).toEqual([4_002, 4_003]);
      expect(versions(await readStream(store, id, 2, 4))).toEqual([2, 3, 4]);
      expect(await readStream(store, id, 5_000)).toEqual([]);
      expect(await readStream(store, v7())).toEqual([]);
    });

    test("[STORE-11] the whole log is read in sequence order, after a position and up to the mark, filtered, by pages", async () => {
      const start = await store.highWaterMark();
      const [a, b] = [v7(), v7()];
      await append(store, joueur(a, 0, [...gains(2), event("ItemAjoute", { nom: "clé" })]));
      await append(store, inventaire(b, 0, [event("ItemAjoute", { nom: "arc" })]));
      const mark = await store.highWaterMark();
      const all = await store.readAll(start, mark);
      expect(ids(all)).toEqual(ids([...(await readStream(store, a)), ...(await readStream(store, b))]));
      expect(await store.readAll(mark, mark)).toEqual([]);
      const third = all[2]?.sequence ?? 0;
      expect(ids(await store.readAll(start, third))).toEqual(ids(all.slice(0, 3)));
      expect(ids(await store.readAll(third, mark))).toEqual(ids(all.slice(3)));
      expect(ids(await store.readAll(start, mark, { limit: 2 }))).toEqual(ids(all.slice(0, 2)));
      expect(ids(await store.readAll(start, mark, { eventTypes: ["ItemAjoute"] }))).toEqual(ids(all.slice(2)));
      expect(ids(await store.readAll(start, mark, { aggregateTypes: ["Inventaire"] }))).toEqual(ids(all.slice(3)));
    });

    test("[STORE-11] a topic's events are read as if there were no others, by pages", async () => {
      const start = await store.highWaterMark();
      const [a, b, c] = [v7(), v7(), v7()];
      await append(store, joueur(a, 0, gains(2)));
      await append(store, joueur(c, 0, gains(2)));
      await append(store, inventaire(b, 0, [event("ItemAjoute", { nom: "arc" })]));
      await append(store, joueur(a, 2, gains(1)));
      const mark = await store.highWaterMark();
      const own = [...(await readStream(store, a)), ...(await readStream(store, b))].sort(
        (one, other) => one.sequence - other.sequence,
      );
      const streams = { aggregateIds: [a, b, v7()] };
      expect(ids(await store.readTopic(streams, start, mark, { limit: 10 }))).toEqual(ids(own));
      expect(ids(await store.readTopic(streams, start, mark, { limit: 2, skip: 1 }))).toEqual(ids(own.slice(1, 3)));
      expect(ids(await store.readTopic(streams, own[0]?.sequence ?? 0, own[2]?.sequence ?? 0, { limit: 10 }))).toEqual(
        ids(own.slice(1, 3)),
      );
      const items = { eventTypes: ["ItemAjoute"] };
      expect(ids(await store.readTopic(items, start, mark, { limit: 10 }))).toEqual(ids(await readStream(store, b)));
      expect(await store.readTopic(items, start, mark, { limit: 10, skip: 1 })).toEqual([]);
    });

    test("[STORE-11] where the log goes on without a gap is told, and events are read by their numbers", async () => {
      const result = await append(store, joueur(v7(), 0, gains(5)));
      const numbers = result.ok ? result.sequences : [];
      const [first = 0, second = 0, , , last = 0] = numbers;
      expect(await store.runAfter(first)).toEqual({ upTo: last, last });
      expect(await store.runAfter(last)).toEqual({ upTo: last, last });
      expect(await store.lastSequence(second)).toBe(second);
      expect(await store.lastSequence(last + 1_000)).toBe(last);
      expect((await store.readSequences([last, last + 1, first])).map(({ sequence }) => sequence)).toEqual([
        first,
        last,
      ]);
      expect(await store.readSequences([])).toEqual([]);
    });

    test("[STORE-12] events are read by a range of times, both ends included, in the order of time", async () => {
      const at = (second: number) => `${thisMonth()}-01T12:00:0${second}.000Z`;
      const id = v7();
      const shot = (second: number) => event("ExperienceGagnee", { montant: second }, { timestamp: at(second) });
      const [third, first, second, fourth] = [shot(3), shot(1), shot(2), shot(4)];
      await append(store, joueur(id, 0, [third, first, second, fourth]));
      expect(ids(await store.readBetween(at(1), at(3)))).toEqual(ids([first, second, third]));
      expect(ids(await store.readBetween(at(1), at(4), 2))).toEqual(ids([first, second]));
      expect(await store.readBetween(at(5), at(6))).toEqual([]);
    });

    test("[STORE-13] effects and causes of an event are found across aggregates", async () => {
      const correlationId = v7();
      const caused = (causationId?: string, correlation = correlationId) => {
        const plain = event("ExperienceGagnee", { montant: 1 });
        return {
          ...plain,
          metadata: { ...plain.metadata, correlationId: correlation, ...(causationId && { causationId }) },
        };
      };
      const root = caused(v7()); // its cause is a command, not an event
      const [left, right] = [caused(root.eventId), caused(root.eventId)];
      const leaf = caused(left.eventId);
      const stranger = caused(undefined);
      await append(store, joueur(v7(), 0, [root]));
      await append(store, inventaire(v7(), 0, [left, stranger]));
      await append(store, joueur(v7(), 0, [right, leaf]));
      expect(ids(await store.readEffects(root.eventId))).toEqual(ids([root, left, right, leaf]));
      expect(ids(await store.readEffects(left.eventId))).toEqual(ids([left, leaf]));
      expect(ids(await store.readCauses(leaf.eventId))).toEqual(ids([leaf, left, root]));
      expect(ids(await store.readCauses(root.eventId))).toEqual(ids([root]));
      expect(await store.readEffects(v7())).toEqual([]);
    });

    test("[STORE-14] a closed store finishes what it was given and refuses what comes later", async () => {
      const closing = open(createRegistry(definitions));
      const id = v7();
      const accepted = append(closing, joueur(id, 0, gains(1)));
      const closed = closing.close();
      expect(await append(closing, joueur(v7(), 0, gains(1)))).toMatchObject({ ok: false, reason: "UNAVAILABLE" });
      expect(await accepted).toMatchObject({ ok: true });
      await closed;
    });
  });
}

function conflict(aggregateId: string, expected: number, actual: number) {
  return { ok: false, reason: "CONFLICT", aggregateId, expected, actual };
}

function snapshot(aggregateId: string, version: number, stateVersion = 1): Snapshot {
  return {
    aggregateId,
    aggregateType: "Joueur",
    version,
    state: { or: version, nom: "été" },
    stateVersion,
    recentCommands: [
      {
        commandId: aggregateId,
        version,
        ranges: [
          [0, 1, version],
          [2, 1, 7],
        ],
      },
    ],
  };
}

/** Stores keep partitions for this month and later ones. */
function thisMonth(): string {
  return new Date().toISOString().slice(0, 7);
}
