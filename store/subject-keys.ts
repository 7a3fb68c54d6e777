import { randomBytes } from "node:crypto";
import type pg from "pg";
import { textArray, uuidArray } from "./binary-arrays.ts";
import type { MasterKeys } from "./master-keys.ts";

/** Instead of a key, for ever. */
export const ERASED = "ERASED";
/** 32 bytes, or the mark that there is none any more. */
export type SubjectKey = Buffer | typeof ERASED;

/** How far a rotation is: keys under the newest master key, and keys that are not yet. */
export interface Rewrapped {
  readonly done: number;
  readonly left: number;
}

/**
 * The keys of persons, by their ids (of players, accounts: lower-case UUIDs). An erasure by any node is known to every other within
 * `trustMs`: until then a node may still read with a key that it holds; a node that cannot ask by then reads and writes nothing.
 * All reject with the database's error where the keys cannot be had.
 */
export interface SubjectKeys {
  /** The key of each, made for those who had none; of erased ones the mark. */
  ensure(subjects: Iterable<string>): Promise<ReadonlyMap<string, SubjectKey>>;
  /** The keys that there are. */
  find(subjects: Iterable<string>): Promise<ReadonlyMap<string, SubjectKey>>;
  /**
   * Destroys the key, durably: what is sealed with it is lost, and there is never another one. Also of somebody who has none yet.
   * @returns whether it was this call that did it
   */
  erase(subject: string): Promise<boolean>;
  /** Wraps every key with the newest master key, some at a time. Broken off it is simply begun anew. */
  rewrap(pageSize?: number): AsyncIterable<Rewrapped>;
  close(): Promise<void>;
}

export interface SubjectKeysOptions {
  /** ms for which keys in memory are trusted without asking who has been erased; default 5,000. */
  readonly trustMs?: number;
  /** Keys in memory at most; default 20,000, of some 200 bytes each. */
  readonly cached?: number;
}

interface KeyRow {
  readonly id: string;
  readonly key: Buffer | null;
  readonly master: string | null;
}

const COLUMNS = "subject_id AS id, wrapped_key AS key, master_key_id AS master";
const REWRAP_PAGE = 500;
/** Whoever has not asked for so long knows nothing any more: erasures are told for twice as long. */
const FORGET_AFTER_MS = 60_000;
const TOLD_FOR = "2 minutes";

/** @param pool of the keys' own schema; ended by `close` */
export function createSubjectKeys(
  pool: pg.Pool,
  master: MasterKeys,
  { trustMs = 5_000, cached = 20_000 }: SubjectKeysOptions = {},
): SubjectKeys {
  const cache = new Map<string, SubjectKey>();
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  /** Whom the database knows as erased is known here too; by the database's clock alone. */
  async function askForErasures(): Promise<void> {
    const now = performance.now();
    if (now - askedAt > FORGET_AFTER_MS) cache.clear();
    const { rows } = await pool.query<{ id: string }>({
      name: "erased_subjects",
      text: `SELECT subject_id AS id FROM subject_keys WHERE erased_at > clock_timestamp() - interval '${TOLD_FOR}'`,
    });
    for (const { id } of rows) if (cache.has(id)) cache.set(id, ERASED);
    askedAt = now;
  }

  async function trusted(): Promise<void> {
    if (performance.now() - askedAt <= trustMs) return;
    asking ??= askForErasures().finally(() => {
      asking = undefined;
    });
    await asking;
  }

  function keep({ id, key, master: masterKeyId }: KeyRow): SubjectKey {
    const one: SubjectKey =
      key === null || masterKeyId === null ? ERASED : master.unwrap(id, { masterKeyId, wrapped: key });
    // An erasure that has been told meanwhile stays.
    const kept = cache.get(id) === ERASED ? ERASED : one;
    cache.delete(id);
    cache.set(id, kept);
    for (const oldest of cache.keys()) {
      if (cache.size <= cached) break;
      cache.delete(oldest);
    }
    return kept;
  }

  async function query(text: string, name: string, ...values: readonly unknown[]): Promise<readonly KeyRow[]> {
    return (await pool.query<KeyRow>({ name, text, values: [...values] })).rows;
  }

  const read = (ids: readonly string[]) =>
    query(`SELECT ${COLUMNS} FROM subject_keys WHERE subject_id = ANY ($1)`, "find_keys", uuidArray(ids));

  /** Of those that have none. Sorted, so that two who make the same keys wait for each other and do not deadlock. */
  function make(ids: readonly string[]): Promise<readonly KeyRow[]> {
    const made = ids.toSorted().map((id) => ({ id, ...master.wrap(id, randomBytes(32)) }));
    return query(
      `INSERT INTO subject_keys (subject_id, wrapped_key, master_key_id)
       SELECT id, decode(key, 'hex'), $3 FROM unnest($1::uuid[], $2::text[]) AS k (id, key)
       ON CONFLICT (subject_id) DO NOTHING RETURNING ${COLUMNS}`,
      "make_keys",
      uuidArray(made.map(({ id }) => id)),
      textArray(made.map(({ wrapped }) => wrapped.toString("hex"))),
      master.newest,
    );
  }

  async function keysOf(subjects: Iterable<string>, making: boolean): Promise<ReadonlyMap<string, SubjectKey>> {
    const wanted = new Set(subjects);
    const found = new Map<string, SubjectKey>();
    if (wanted.size === 0) return found;
    await trusted();
    for (const id of wanted) {
      const key = cache.get(id);
      if (key !== undefined) found.set(id, key);
    }
    const missing = () => [...wanted].filter((id) => !found.has(id));
    const add = (rows: readonly KeyRow[]) => {
      for (const row of rows) found.set(row.id, keep(row));
    };
    if (found.size < wanted.size) add(await read(missing()));
    if (!making || found.size === wanted.size) return found;
    add(await make(missing()));
    // Somebody else made them at the same moment.
    if (found.size < wanted.size) add(await read(missing()));
    if (found.size < wanted.size) throw new Error(`no keys could be made for ${missing().join(", ")}`);
    return found;
  }

  return {
    ensure: (subjects) => keysOf(subjects, true),
    find: (subjects) => keysOf(subjects, false),

    async erase(subject) {
      const { rowCount } = await pool.query({
        name: "erase_key",
        text: `INSERT INTO subject_keys AS k (subject_id, erased_at) VALUES ($1, clock_timestamp())
               ON CONFLICT (subject_id) DO UPDATE SET wrapped_key = NULL, master_key_id = NULL, erased_at = excluded.erased_at
               WHERE k.erased_at IS NULL`,
        values: [subject],
      });
      cache.set(subject, ERASED);
      return rowCount === 1;
    },

    async *rewrap(pageSize = REWRAP_PAGE) {
      const count = async () =>
        (
          await pool.query<Rewrapped>(
            `SELECT count(*) FILTER (WHERE master_key_id = $1) AS done, count(*) FILTER (WHERE master_key_id <> $1) AS left
             FROM subject_keys WHERE master_key_id IS NOT NULL`,
            [master.newest],
          )
        ).rows[0] ?? { done: 0, left: 0 };
      for (let progress = await count(); ; progress = await count()) {
        yield progress;
        if (progress.left === 0) return;
        const { rows } = await pool.query<{ readonly id: string; readonly key: Buffer; readonly master: string }>(
          `SELECT ${COLUMNS} FROM subject_keys WHERE master_key_id <> $1 ORDER BY subject_id LIMIT $2`,
          [master.newest, pageSize],
        );
        const anew = rows.map(({ id, key, master: masterKeyId }) => ({
          ...{ id, was: key.toString("hex") },
          now: master.wrap(id, master.unwrap(id, { masterKeyId, wrapped: key })).wrapped.toString("hex"),
        }));
        // Whoever was erased in between stays so.
        await pool.query(
          `UPDATE subject_keys k SET wrapped_key = decode(r.now, 'hex'), master_key_id = $4
           FROM unnest($1::uuid[], $2::text[], $3::text[]) AS r (id, was, now)
           WHERE k.subject_id = r.id AND k.wrapped_key = decode(r.was, 'hex')`,
          [
            uuidArray(anew.map(({ id }) => id)),
            textArray(anew.map(({ was }) => was)),
            textArray(anew.map(({ now }) => now)),
            master.newest,
          ],
        );
      }
    },

    close: () => pool.end(),
  };
}
