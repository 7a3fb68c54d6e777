import type pg from "pg";
import { isShutOut } from "./bans.ts";

type Database = Pick<pg.Pool, "query">;

export interface NewSession {
  readonly sessionId: string;
  /** SHA-256 of the client's secret. */
  readonly tokenHash: Buffer;
  readonly userId: string;
  readonly role: string;
  /** The room's name, and the id of what it shows. */
  readonly room: string;
  readonly aggregateId: string;
  readonly livesSeconds: number;
  /** The login with which it was begun, and with whose end it ends. */
  readonly loginId?: string | undefined;
}

/** A session as it stands, by the database's clock. */
export interface StoredSession extends Omit<NewSession, "livesSeconds" | "sessionId" | "loginId"> {
  readonly expired: boolean;
  readonly revoked: boolean;
  /** Its player is shut out. */
  readonly banned: boolean;
}

/** One row, durable when it resolves: what a client was given is known to every node, and to the one that takes the database's place. */
export async function openSession(pool: Database, session: NewSession): Promise<void> {
  const { sessionId, tokenHash, userId, role, room, aggregateId, livesSeconds, loginId } = session;
  await pool.query({
    name: "session_open",
    text: `INSERT INTO sessions (session_id, token_hash, user_id, role, room, aggregate_id, expires_at, family_id)
           VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7), $8)`,
    values: [sessionId, tokenHash, userId, role, room, aggregateId, livesSeconds, loginId ?? null],
  });
}

export async function findSession(pool: Database, sessionId: string): Promise<StoredSession | undefined> {
  const { rows } = await pool.query<StoredSession>({
    name: "session_find",
    text: `SELECT token_hash AS "tokenHash", user_id AS "userId", role, room, aggregate_id AS "aggregateId",
             expires_at <= now() AS expired, (revoked_at IS NOT NULL OR EXISTS (
               SELECT FROM token_families f WHERE f.family_id = s.family_id AND f.revoked_at IS NOT NULL)) AS revoked,
             ${isShutOut("s.user_id")} AS banned
           FROM sessions s WHERE session_id = $1`,
    values: [sessionId],
  });
  return rows[0];
}

export async function revokeSession(pool: Database, sessionId: string): Promise<void> {
  await pool.query({
    name: "session_revoke",
    text: "UPDATE sessions SET revoked_at = now() WHERE session_id = $1 AND revoked_at IS NULL",
    values: [sessionId],
  });
}

/** For how long it is still told of a session that it has run out; after that nobody knows it. */
const TOLD_FOR = "1 day";
const BATCH = 10_000;

/** Removes what has long run out, some at a time. */
export async function removeOldSessions(
  pool: Database,
  { signal, onBatch }: { readonly signal?: AbortSignal; readonly onBatch?: (removed: number) => void } = {},
): Promise<void> {
  for (let removed = BATCH; removed === BATCH && signal?.aborted !== true; ) {
    const { rowCount } = await pool.query(
      `DELETE FROM sessions WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM sessions WHERE expires_at < now() - $1::interval LIMIT $2))`,
      [TOLD_FOR, BATCH],
    );
    removed = rowCount ?? 0;
    onBatch?.(removed);
  }
}
