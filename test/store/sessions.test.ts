import { v7 } from "uuid";
import { afterAll, expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { findSession, openSession, removeOldSessions } from "../../store/sessions.ts";
import { rowsOf } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";

const database = useDatabase();
const pool = createPool({ url: database.url });
afterAll(() => pool.end());

test("[SESSION-5] what ran out is removed a day later, whether it was ended or not", async () => {
  const open = async (livesSeconds: number): Promise<string> => {
    const sessionId = v7();
    const of = { userId: v7(), role: "joueur", room: "combat", aggregateId: v7() };
    await openSession(pool, { sessionId, tokenHash: Buffer.alloc(32), livesSeconds, ...of });
    return sessionId;
  };
  const [runs, ranOut, old, ended] = [await open(60), await open(-60), await open(-90_000), await open(-90_000)];
  await rowsOf(database.url, "UPDATE sessions SET revoked_at = now() WHERE session_id = $1", [ended]);
  const removed: number[] = [];
  await removeOldSessions(pool, { onBatch: (count) => removed.push(count) });
  expect(removed).toEqual([2]);
  expect(await findSession(pool, runs)).toMatchObject({ expired: false, revoked: false, banned: false });
  expect(await findSession(pool, ranOut)).toMatchObject({ expired: true });
  for (const gone of [old, ended]) expect(await findSession(pool, gone)).toBeUndefined();
});
