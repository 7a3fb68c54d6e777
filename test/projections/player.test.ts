import fc from "fast-check";
import type pg from "pg";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import { playerProjector } from "../../projections/player.ts";
import { createPool } from "../../store/database.ts";
import { commandOf, gesture } from "../domain/player/core-arbitrary.ts";
import { creation, experience, gift, gold } from "../domain/player/core-helper.ts";
import { life } from "../domain/player/life-arbitrary.ts";
import { PLAYER_ID } from "../domain/player/life-helper.ts";
import { grandTour } from "../domain/tour/story.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";
import { logOf, toldIn } from "./player-logs.ts";
import { type Row, rowsOf } from "./player-oracle.ts";

vi.setConfig({ testTimeout: 120_000 });

const database = useDatabase();
const release = useReleasers();
let pool: pg.Pool;
let tour: readonly StoredEvent[];
beforeAll(() => {
  pool = createPool({ url: database.url, poolSize: 2 });
  release(() => pool.end());
  tour = toldIn(grandTour().log);
});
beforeEach(() => pool.query("DELETE FROM joueurs"));

async function take(events: readonly StoredEvent[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await playerProjector.apply(events, client);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

/** Takes a log in batches of the sizes, over and over. */
async function takeIn(log: readonly StoredEvent[], sizes: readonly number[]): Promise<void> {
  for (let at = 0, n = 0; at < log.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    await take(log.slice(at, at + size));
    at += size;
  }
}

async function stored(): Promise<Record<string, Row[]>> {
  const tables = await Promise.all(
    playerProjector.tables.map(async (table) => {
      const { rows } = await pool.query<Row>(`SELECT * FROM ${table}`);
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
    for (const batches of [[500], [1], ...fc.sample(sizes, 4)]) {
      await pool.query("DELETE FROM joueurs");
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
          await pool.query("DELETE FROM joueurs");
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
        await pool.query("DELETE FROM joueurs");
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
      await take(tour.slice(at, at + 350));
      expect(await stored()).toEqual(before);
    }
  });
});
