import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, inject } from "vitest";

/** The same server, another database. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

export interface TestDatabase {
  /** Known once the tests run, not while they are collected. */
  readonly url: string;
}

/**
 * Gives the calling file (or describe block) a migrated database of its own, dropped at its end.
 * Whoever still holds a connection to it by then fails the file.
 */
export function useDatabase(): TestDatabase {
  const name = `${inject("databasePrefix")}_${randomBytes(4).toString("hex")}`;
  const url = databaseUrl(inject("postgresUrl"), name);
  beforeAll(() => asAdmin((admin) => createFromTemplate(admin, name)));
  afterAll(() => asAdmin((admin) => dropUnlessUsed(admin, name)));
  return { url };
}

async function asAdmin(work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: inject("postgresUrl") });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

const OBJECT_IN_USE = "55006";

async function createFromTemplate(admin: pg.Client, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${inject("databasePrefix")}_template`);
      return;
    } catch (error) {
      // The migration's own session may not have ended yet on the server's side.
      if (attempt === 50 || !(error instanceof pg.DatabaseError && error.code === OBJECT_IN_USE)) throw error;
      await sleep(100);
    }
  }
}

async function dropUnlessUsed(admin: pg.Client, name: string): Promise<void> {
  const sessions = async () =>
    (
      await admin.query<{ application_name: string; query: string }>(
        "SELECT application_name, query FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'",
        [name],
      )
    ).rows;
  let left = await sessions();
  for (let i = 0; left.length > 0 && i < 100; i += 1) {
    await sleep(100); // a session ends a little after its client has gone: of one that was killed, after its statement
    left = await sessions();
  }
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  if (left.length > 0) {
    throw new Error(`connections left open: ${left.map((s) => `${s.application_name}: ${s.query}`).join("; ")}`);
  }
}
