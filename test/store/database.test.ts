import { expect, test } from "vitest";
import { createPool, limitWaiting, PoolBusyError } from "../../store/database.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();

test("[API-4] of statements that wait for a connection one too many is refused at once, and the others are done", async () => {
  const pool = createPool({ url: database.url, poolSize: 1, connectTimeoutMs: 60_000 });
  const client = await pool.connect();
  const limited = limitWaiting(pool, 2);
  const waiting = [limited.query("SELECT 1"), limited.query("SELECT 1")];
  await expect(limited.query("SELECT 1")).rejects.toThrow(PoolBusyError);
  client.release();
  for (const { rowCount } of await Promise.all(waiting)) expect(rowCount).toBe(1);
  await limited.query("SELECT 1");
  await pool.end();
});
