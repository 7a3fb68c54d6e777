import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, randomUUID } from "node:crypto";
import type pg from "pg";
import type { Role } from "../domain/roles.ts";

/** A refresh token that was given out: 256 random bits in base64url. `familyId`: the login that it goes back to. */
export interface GivenToken {
  readonly familyId: string;
  readonly accountId: string;
  readonly role: Role;
  readonly token: string;
}

export type Rotation =
  | ({ readonly ok: true } & GivenToken)
  /** `reused`: it had been changed for another one before, and this family ends here. */
  | { readonly ok: false; readonly reused: string | undefined };

export interface RefreshTokens {
  /** Begins a family. */
  begin(accountId: string, role: Role): Promise<GivenToken>;
  /**
   * Changes a token for its successor. Whoever asks again, as the answer was lost or as two ask at once, is given the same successor,
   * for a short time and until that one is used; after that it is a thief or has met one, and the family is revoked.
   */
  rotate(token: string): Promise<Rotation>;
  /** Revokes the family of a token, a used one too. @returns the family, unless there is none */
  revoke(token: string): Promise<string | undefined>;
  /** Families that were revoked after a time (ISO 8601), the oldest first. */
  revokedSince(time: string): Promise<readonly { readonly familyId: string; readonly at: string }[]>;
}

export interface TokenTimes {
  readonly lifetimeMs: number;
  /** For which a token may be shown again. */
  readonly graceMs: number;
}

const BYTES = 32;
const BATCH = 5_000;
/** Longer than an access token lives: until then its family must be known to be revoked. */
const KEPT = "1 day";

export function createRefreshTokens(pool: Pick<pg.Pool, "query">, { lifetimeMs, graceMs }: TokenTimes): RefreshTokens {
  return {
    async begin(accountId, role) {
      const [familyId, token] = [randomUUID(), newToken()];
      await pool.query(
        `WITH family AS (
           INSERT INTO token_families (family_id, compte_id, expires_at) VALUES ($1, $2, now() + $4 * interval '1 ms') RETURNING family_id, expires_at)
         INSERT INTO refresh_tokens (token_hash, family_id, expires_at) SELECT $3, family_id, expires_at FROM family`,
        [familyId, accountId, hashOf(token), lifetimeMs],
      );
      return { familyId, accountId, role, token };
    },

    async rotate(token) {
      const next = newToken();
      const { rows } = await pool.query<{
        outcome: "ROTATED" | "REPEATED" | "REUSED" | "REFUSED";
        familyId: string | null;
        accountId: string;
        role: Role;
        successor: Buffer;
      }>(
        `SELECT outcome, family_id AS "familyId", compte_id AS "accountId", role, successor
         FROM rotate_refresh_token($1, $2, $3, $4 * interval '1 ms', $5 * interval '1 ms')`,
        [hashOf(token), hashOf(next), sealed(next, token), lifetimeMs, graceMs],
      );
      const [row] = rows;
      if (row === undefined || row.familyId === null || row.outcome === "REFUSED")
        return { ok: false, reused: undefined };
      const { outcome, familyId, accountId, role, successor } = row;
      if (outcome === "REUSED") return { ok: false, reused: familyId };
      return { ok: true, familyId, accountId, role, token: outcome === "ROTATED" ? next : opened(successor, token) };
    },

    async revoke(token) {
      const { rows } = await pool.query<{ id: string }>(
        `UPDATE token_families f SET revoked_at = clock_timestamp(), revoked_for = 'LOGOUT'
         FROM refresh_tokens t WHERE t.token_hash = $1 AND t.family_id = f.family_id AND f.revoked_at IS NULL RETURNING f.family_id AS id`,
        [hashOf(token)],
      );
      return rows[0]?.id;
    },

    async revokedSince(time) {
      const { rows } = await pool.query<{ familyId: string; at: string }>({
        name: "families_revoked",
        text: `SELECT family_id AS "familyId", revoked_at AS at FROM token_families WHERE revoked_at > $1 ORDER BY revoked_at`,
        values: [time],
      });
      return rows;
    },
  };
}

/** Removes families that ran out, some at a time, and guests that nothing leads back to. */
export async function removeOldTokens(
  pool: Pick<pg.Pool, "query">,
  { signal, onBatch }: { readonly signal?: AbortSignal; readonly onBatch?: (removed: number) => unknown } = {},
): Promise<void> {
  const removals = [
    `DELETE FROM token_families WHERE family_id = ANY (ARRAY(
       SELECT family_id FROM token_families WHERE expires_at < now() - interval '${KEPT}' LIMIT ${BATCH}))`,
    // Used tokens of families that live on: what has run out is refused whether it is known or not.
    `DELETE FROM refresh_tokens WHERE token_hash = ANY (ARRAY(
       SELECT token_hash FROM refresh_tokens WHERE expires_at < now() LIMIT ${BATCH}))`,
    // A guest has no other way in than its tokens.
    `DELETE FROM comptes WHERE compte_id = ANY (ARRAY(
       SELECT compte_id FROM comptes c WHERE username IS NULL AND cree_a < now() - interval '${KEPT}'
         AND NOT EXISTS (SELECT FROM token_families f WHERE f.compte_id = c.compte_id) LIMIT ${BATCH}))`,
  ];
  for (const text of removals)
    for (let removed = BATCH; removed === BATCH && signal?.aborted !== true; ) {
      removed = (await pool.query(text)).rowCount ?? 0;
      await onBatch?.(removed);
    }
}

const newToken = (): string => randomBytes(BYTES).toString("base64url");

/** As random as a key, so that a plain hash is as good as a slow one. */
function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

const CIPHER = "aes-256-gcm";
const keyOf = (token: string): Buffer => Buffer.from(hkdfSync("sha256", token, "", "successor", 32));
/** Each token is a key, used once. */
const IV = Buffer.alloc(12);

/** A token's successor, so that nothing but the token opens it. */
function sealed(successor: string, token: string): Buffer {
  const cipher = createCipheriv(CIPHER, keyOf(token), IV);
  return Buffer.concat([cipher.update(successor, "base64url"), cipher.final(), cipher.getAuthTag()]);
}

function opened(successor: Buffer, token: string): string {
  const decipher = createDecipheriv(CIPHER, keyOf(token), IV);
  decipher.setAuthTag(successor.subarray(BYTES));
  return Buffer.concat([decipher.update(successor.subarray(0, BYTES)), decipher.final()]).toString("base64url");
}
