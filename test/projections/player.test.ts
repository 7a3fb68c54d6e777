import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import { slotsInOrder } from "../../domain/player/inventaire.ts";
import type { PlayerState } from "../../domain/player/state.ts";
import { playerProjector } from "../../projections/player.ts";
import { EventFault } from "../../store/sink.ts";
import { commandOf, gesture } from "../domain/player/core-arbitrary.ts";
import { creation, experience, gift, gold } from "../domain/player/core-helper.ts";
import { life } from "../domain/player/life-arbitrary.ts";
import { PLAYER_ID } from "../domain/player/life-helper.ts";
import { grandTour } from "../domain/tour/story.ts";
import { tourInStore } from "./player-consumer.ts";
import { logOf, toldIn } from "./player-logs.ts";
import { type Row, rowsOf } from "./player-oracle.ts";
import { usePlayerStore } from "./player-store.ts";

vi.setConfig({ testTimeout: 120_000 });

const store = usePlayerStore();
let tour: readonly StoredEvent[];
beforeAll(() => {
  tour = toldIn(grandTour().log);
});

/** Takes a log in batches of the sizes, over and over. */
async function takeIn(log: readonly StoredEvent[], sizes: readonly number[]): Promise<void> {
  for (let at = 0, n = 0; at < log.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    await store.take(log.slice(at, at + size));
    at += size;
  }
}

async function stored(): Promise<Record<string, Row[]>> {
  const tables = await Promise.all(
    playerProjector.tables.map(async (table) => {
      const { rows } = await store.pool.query<Row>(`SELECT * FROM ${table}`);
      return [table, rows] as const;
    }),
  );
  return sorted(Object.fromEntries(tables));
}

function sorted(tables: Readonly<Record<string, readonly Row[]>>): Record<string, Row[]> {
  const key = (row: Row) => String(Object.values(row)[0]);
  return Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [
      name,
      rows.toSorted((one, other) => (key(one) < key(other) ? -1 : 1)),
    ]),
  );
}

const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });

describe("rows", () => {
  test("[PPLAYER-1] the whole game, however it is split, leads to what the players' own states say", async () => {
    const expected = sorted(rowsOf(tour));
    for (const [table, rows] of Object.entries(expected)) expect([table, rows.length > 0]).toEqual([table, true]);
    for (const batches of [[500], [17], ...fc.sample(sizes, 3)]) {
      await store.pool.query("DELETE FROM joueurs");
      await takeIn(tour, batches);
      expect(await stored()).toEqual(expected);
    }
  });

  test("[PPLAYER-1] … and so does any life with things", async () => {
    const beginning = [
      creation(),
      gold(50_000),
      gift(["titan", 2], ["nectar", 2]),
      gift(
        ["potion", 25],
        ["sword", 2],
        ["ring", 3],
        ["plate", 1],
        ["rune", 6],
        ["elixir", 3],
        ["bag", 1],
        ["relic", 4],
      ),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(gesture, { minLength: 150, maxLength: 150, size: "max" }),
        sizes,
        async (gestures, batches) => {
          const log = toldIn(
            logOf(PLAYER_ID, [
              ...beginning.map((command) => () => [command, 0] as const),
              ...gestures.map(
                (next, n) => (state: Parameters<typeof commandOf>[0]) => [commandOf(state, next), 7_000 * n] as const,
              ),
            ]),
          );
          await store.pool.query("DELETE FROM joueurs");
          await takeIn(log, batches);
          expect(await stored()).toEqual(sorted(rowsOf(log)));
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test("[PPLAYER-1] … and any life with skills and quests", async () => {
    const beginning = [creation("MAGE"), gold(2_000), experience(2_000)];
    await fc.assert(
      fc.asyncProperty(life(120), sizes, async (steps, batches) => {
        let now = 0;
        const log = toldIn(
          logOf(PLAYER_ID, [
            ...beginning.map((command) => () => [command, 0] as const),
            ...steps.map(({ wait, command }) => (state: Parameters<typeof command>[0]) => {
              now += wait;
              return [command(state), now] as const;
            }),
          ]),
        );
        await store.pool.query("DELETE FROM joueurs");
        await takeIn(log, batches);
        expect(await stored()).toEqual(sorted(rowsOf(log)));
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test("[PPLAYER-2] what is taken again, once or from the beginning, changes nothing at any moment", async () => {
    await takeIn(tour, [400]);
    const before = await stored();
    for (let at = 0; at < tour.length; at += 200) {
      await store.take(tour.slice(at, at + 350));
      expect(await stored()).toEqual(before);
    }
  });
});

const JOUEUR = "0ada0000-0000-4000-8000-000000000001";
const OTHER = "0be10000-0000-4000-8000-000000000001";

/** The events of one player of the tour. */
const tourOf = (joueurId: string) =>
  tour.filter(({ payload }) => (payload as { joueurId: string }).joueurId === joueurId);
const rowOf = async (joueurId: string): Promise<Row | undefined> =>
  (await store.pool.query<Row>("SELECT * FROM joueurs WHERE joueur_id = $1", [joueurId])).rows[0];

describe("what does not go as it should", () => {
  test("[PPLAYER-3] a stream that is late holds up no other, and what it tells late undoes nothing that is newer", async () => {
    const events = tourOf(JOUEUR);
    await store.take(events);
    const expected = await stored();
    for (const late of ["Inventaire", "Equipement", "Competence", "Quete", "PNJ"]) {
      await store.pool.query("DELETE FROM joueurs");
      const isLate = (event: StoredEvent) => event.aggregateType === late;
      await takeIn(
        events.filter((event) => !isLate(event)),
        [200],
      );
      await takeIn(events.filter(isLate), [7]);
      expect([late, await stored()]).toEqual([late, expected]);
    }
  });

  test("[PPLAYER-3] … nor what another stream has told since", async () => {
    const log = toldIn(
      logOf(PLAYER_ID, [
        () => [creation(), 0],
        () => [gift(["sword", 1]), 0],
        (state) => [{ type: "EquiperItem", slotId: slotsInOrder(state.inventaire)[0]?.slotId ?? "" }, 1_000],
        () => [experience(2_000), 2_000],
      ]),
    );
    await takeIn(
      log.filter(({ aggregateType }) => aggregateType !== "Inventaire"),
      [50],
    );
    await takeIn(
      log.filter(({ aggregateType }) => aggregateType === "Inventaire"),
      [1],
    );
    expect(await stored()).toEqual(sorted(rowsOf(log)));
  });

  test("[PPLAYER-4] a username that another player has is marked, for the one that comes later, with its id", async () => {
    const twin = (joueurId: string, username: string): StoredEvent[] =>
      (JSON.parse(JSON.stringify(tourOf(OTHER)).replaceAll(OTHER, joueurId)) as StoredEvent[]).map((event) =>
        event.eventType === "JoueurCree" ? { ...event, payload: { ...(event.payload as object), username } } : event,
      );
    const created = (events: readonly StoredEvent[]) => events.slice(0, 1);
    const long = "x".repeat(50);
    const ids = Array.from({ length: 4 }, (_, n) => `0be10000-0000-4000-8000-00000000001${n}`);
    const [one, two, three, four] = ids.map((id, n) => created(twin(id, n < 3 ? long : "other")));
    await store.take([...(one ?? []), ...(two ?? [])]);
    await store.take([...(three ?? []), ...(four ?? []), ...(one ?? [])]);
    const names = await Promise.all(ids.map(async (id) => (await rowOf(id))?.["username"]));
    const marked = (id: string) => `${"x".repeat(17)}~${id.replaceAll("-", "")}`;
    expect(names).toEqual([long, marked(ids[1] ?? ""), marked(ids[2] ?? ""), "other"]);
  });

  test("[PPLAYER-4] … and names that do not fit are cut at a character", async () => {
    const [first] = tourOf(OTHER);
    const names = { username: "u".repeat(60), pseudo: "😀".repeat(60) };
    await store.take([{ ...(first as StoredEvent), payload: { ...(first?.payload as object), ...names } }]);
    expect(await rowOf(OTHER)).toMatchObject({ username: "u".repeat(50), pseudo: "😀".repeat(50) });
  });

  test("[PPLAYER-5] an event of a player whose creation was not taken cannot be taken, and nothing of its batch is", async () => {
    const [, ...rest] = tourOf(OTHER);
    await expect(store.take([...tourOf(JOUEUR), ...rest])).rejects.toThrow(
      new EventFault("NO_PLAYER", "an event of a player whose creation was not taken"),
    );
    expect(Object.values(await stored()).flat()).toEqual([]);
  });

  test("[PPLAYER-6] two things that change places do so in one batch or in two", async () => {
    const gifts = [creation(), gift(["sword", 2])];
    const swap = (state: PlayerState) => slotsInOrder(state.inventaire)[0]?.slotId ?? "";
    const log = toldIn(
      logOf(PLAYER_ID, [
        ...gifts.map((command) => () => [command, 0] as const),
        (state) => [{ type: "DeplacerItem", slotId: swap(state), position: 1 }, 1_000],
        (state) => [{ type: "DeplacerItem", slotId: swap(state), position: 1 }, 2_000],
        (state) => [{ type: "DeplacerItem", slotId: swap(state), position: 1 }, 3_000],
      ]),
    );
    expect(log.filter(({ eventType }) => eventType === "ItemDeplace")).toHaveLength(3);
    for (const batch of [100, 1, 5]) {
      await store.pool.query("DELETE FROM joueurs");
      await takeIn(log, [batch]);
      expect(await stored()).toEqual(sorted(rowsOf(log)));
    }
  });
});

test("[PPLAYER-7] a consumer fills it from the store's log, whole and in order", async () => {
  const { events } = await tourInStore(store.database.url, store.pool, grandTour().log);
  expect(await stored()).toEqual(sorted(rowsOf(events)));
});
