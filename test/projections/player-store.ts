import type pg from "pg";
import { beforeAll, beforeEach } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import { playerProjector } from "../../projections/player.ts";
import { createPool } from "../../store/database.ts";
import { type TestDatabase, useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";
import { take } from "./take.ts";

export interface PlayerStore {
  readonly database: TestDatabase;
  /** Known once the tests run. */
  readonly pool: pg.Pool;
  /** One batch, in a transaction of its own. */
  take(events: readonly StoredEvent[]): Promise<void>;
}

/** A database with the tables of players in it, empty before each test. */
export function usePlayerStore(): PlayerStore {
  const database = useDatabase();
  const release = useReleasers();
  let pool: pg.Pool;
  beforeAll(() => {
    pool = createPool({ url: database.url, poolSize: 3 });
    release(() => pool.end());
  });
  beforeEach(() => pool.query("DELETE FROM joueurs"));
  return {
    database,
    get pool() {
      return pool;
    },
    take: (events) => take(pool, playerProjector, events),
  };
}
