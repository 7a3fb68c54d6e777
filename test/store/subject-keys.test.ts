import { randomBytes, randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { MasterKeyError, type MasterKeys, readMasterKeys } from "../../store/master-keys.ts";
import { keysSchema, migrateKeys } from "../../store/migrate.ts";
import { createSubjectKeys, ERASED, type Rewrapped, type SubjectKeysOptions } from "../../store/subject-keys.ts";
import { useDatabase } from "../support/postgres.ts";
import { sql } from "../support/sql.ts";
import { useReleasers } from "../support/store.ts";

const database = useDatabase();
const release = useReleasers();
const TABLE = "aether_keys.subject_keys";
const [OLD, NEW] = ["old", "new"].map((id) => `${id}:${randomBytes(32).toString("base64")}`);

const keysPool = () => createPool({ url: database.url, schema: keysSchema("public"), poolSize: 2 });

/** As another node has them. */
function keys(master = `${OLD}`, options: SubjectKeysOptions = {}) {
  const opened = createSubjectKeys(keysPool(), readMasterKeys(master), options);
  release(() => opened.close());
  return opened;
}

test("[PRIVACY-4] everybody has one key, whoever asks for it first, and it is nowhere but wrapped", async () => {
  const subjects = Array.from({ length: 20 }, () => randomUUID());
  const [one, other] = [keys(), keys()];
  const [first, second] = await Promise.all([one.ensure(subjects), other.ensure(subjects.toReversed())]);
  for (const subject of subjects) expect(second.get(subject)).toEqual(first.get(subject));
  expect(new Set([...first.values()].map(String)).size).toBe(20);
  expect(await keys().find([...subjects, randomUUID()])).toEqual(first);
  const rows = await sql<{ key: Buffer }>(database, "SELECT wrapped_key AS key FROM aether_keys.subject_keys");
  const wrapped = Buffer.concat(rows.map(({ key }) => key));
  for (const key of first.values()) expect(wrapped.includes(key)).toBe(false);
});

test("[PRIVACY-5] who is erased has no key, never gets one again, and the database itself keeps it so", async () => {
  const [subject, stranger] = [randomUUID(), randomUUID()];
  const own = keys();
  await own.ensure([subject]);
  expect([await own.erase(subject), await own.erase(subject), await own.erase(stranger)]).toEqual([true, false, true]);
  for (const node of [own, keys()]) {
    expect([...(await node.ensure([subject, stranger])).values()]).toEqual([ERASED, ERASED]);
  }
  const where = `WHERE subject_id = '${subject}'`;
  const [row] = await sql(database, `SELECT wrapped_key AS key, master_key_id AS master FROM ${TABLE} ${where}`);
  expect(row).toEqual({ key: null, master: null });
  for (const change of [
    `DELETE FROM ${TABLE} ${where}`,
    `UPDATE ${TABLE} SET erased_at = now() ${where}`,
    `TRUNCATE ${TABLE}`,
  ]) {
    await expect(sql(database, change)).rejects.toThrow("an erasure is for ever");
  }
});

test("[PRIVACY-6] another node that holds the key learns of the erasure within the time for which it trusts what it holds", async () => {
  const subject = randomUUID();
  const [own, trusting, asking] = [keys(), keys(undefined, { trustMs: 600_000 }), keys(undefined, { trustMs: 0 })];
  const [key] = [...(await own.ensure([subject])).values()];
  for (const node of [trusting, asking]) await node.find([subject]);
  await own.erase(subject);
  expect((await trusting.find([subject])).get(subject)).toEqual(key);
  expect((await asking.find([subject])).get(subject)).toBe(ERASED);
});

test("[PRIVACY-6] keys in memory are bounded, and what is not there is read again", async () => {
  const subjects = Array.from({ length: 9 }, () => randomUUID());
  const master = readMasterKeys(`${OLD}`);
  let unwrapped = 0;
  const counting: MasterKeys = {
    ...master,
    unwrap(...key) {
      unwrapped += 1;
      return master.unwrap(...key);
    },
  };
  const few = createSubjectKeys(keysPool(), counting, { cached: 2 });
  release(() => few.close());
  const found = await few.ensure(subjects);
  expect(await few.ensure(subjects)).toEqual(found);
  // All of them as they were made, and then all but the two that were still there.
  expect([found.size, unwrapped]).toEqual([9, 9 + 7]);
});

test("[PRIVACY-4] tenants have keys of their own, each in a schema beside that of its events", async () => {
  expect([keysSchema("public"), keysSchema("guild")]).toEqual(["aether_keys", "guild_keys"]);
  const schema = keysSchema("guild");
  await migrateKeys({ url: database.url, schema });
  const theirs = createSubjectKeys(createPool({ url: database.url, schema, poolSize: 1 }), readMasterKeys(`${OLD}`));
  release(() => theirs.close());
  const subject = randomUUID();
  const [own, other] = [await keys().ensure([subject]), await theirs.ensure([subject])];
  expect(other.get(subject)).not.toEqual(own.get(subject));
});

test("[PRIVACY-7] a rotation wraps every key anew, some at a time, goes on where it was broken off, and changes no key", async () => {
  const [gone = "", ...subjects] = Array.from({ length: 8 }, () => randomUUID());
  const before = keys();
  const found = await before.ensure(subjects);
  await before.ensure([gone]);
  await before.erase(gone);
  const rotating = keys(`${NEW},${OLD}`);
  const told: Rewrapped[] = [];
  for await (const progress of rotating.rewrap(3)) {
    told.push(progress);
    if (told.length === 2) break;
  }
  expect(told[1]).toEqual({ done: 3, left: (told[0]?.left ?? 0) - 3 });
  for await (const progress of rotating.rewrap(3)) told.push(progress);
  expect(told[2]).toEqual(told[1]);
  expect(told.at(-1)).toEqual({ done: told[0]?.left, left: 0 });
  expect(await keys(NEW).find(subjects)).toEqual(found);
  expect((await keys(NEW).ensure([gone])).get(gone)).toBe(ERASED);
});

test("[PRIVACY-7] without the master key that wrapped it no key is read, and the error names which one", async () => {
  const subject = randomUUID();
  await keys().ensure([subject]);
  await expect(keys(NEW).find([subject])).rejects.toThrow("master key old is not among those of this node");
});

test.each([
  ["", "no list of id:key"],
  ["a", "key a is not of 32 bytes"],
  [`a:${randomBytes(31).toString("base64")}`, "key a is not of 32 bytes"],
  [`${OLD},${OLD}`, "key old is there twice"],
  ["a b:c", "no list of id:key"],
])("[PRIVACY-8] %j is no list of master keys", (text, message) => {
  expect(() => readMasterKeys(text)).toThrow(message);
});

test("[PRIVACY-4] a wrapped key that was put to another person opens for nobody", async () => {
  const [subject, other] = [randomUUID(), randomUUID()];
  await keys().ensure([subject, other]);
  await sql(
    database,
    `UPDATE aether_keys.subject_keys SET wrapped_key = (SELECT wrapped_key FROM aether_keys.subject_keys WHERE subject_id = '${subject}')
     WHERE subject_id = '${other}'`,
  );
  await expect(keys().find([other])).rejects.toThrow(MasterKeyError);
});
