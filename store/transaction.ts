import type pg from "pg";
import { classifyFailure, isServerError } from "./pg-errors.ts";

const ATTEMPTS = 4;

/**
 * Does the work in one transaction; again from the top where the database says that it may well succeed now (a deadlock, a lock that
 * took too long). Rejects with what the work or the database failed with.
 */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(pool, work);
    } catch (error) {
      if (attempt === ATTEMPTS || classifyFailure(error, true) !== "retry") throw error;
      await new Promise((resolve) => setTimeout(resolve, attempt * 10 * (1 + Math.random())));
    }
  }
}

async function once<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let usable = true;
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    // After any but PostgreSQL's own errors the connection may still be busy: it must never serve another.
    usable = isServerError(error);
    if (usable) {
      await client.query("ROLLBACK").catch(() => {
        usable = false;
      });
    }
    throw error;
  } finally {
    client.release(!usable);
  }
}
