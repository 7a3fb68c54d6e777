import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { createAccounts } from "../../store/accounts.ts";
import { createPool } from "../../store/database.ts";
import { createRefreshTokens, removeOldTokens } from "../../store/refresh-tokens.ts";
import { useDatabase } from "../support/postgres.ts";
import { sql } from "../support/sql.ts";

const database = useDatabase();
const HOUR_MS = 3_600_000;
/** Two nodes. */
const pools = [createPool({ url: database.url, poolSize: 4 }), createPool({ url: database.url, poolSize: 4 })] as const;
afterAll(() => Promise.all(pools.map((pool) => pool.end())));
const at = (node: 0 | 1, times = { lifetimeMs: HOUR_MS, graceMs: HOUR_MS }) => createRefreshTokens(pools[node], times);
const WITHOUT_GRACE = { lifetimeMs: HOUR_MS, graceMs: 0 };

async function login(): Promise<string> {
  const accountId = randomUUID();
  await createAccounts(pools[0]).registerGuest(accountId);
  return (await at(0).begin(accountId, "joueur")).token;
}

/** How often a login's tokens can be changed from here. */
async function successor(token: string, node: 0 | 1 = 0): Promise<string | undefined> {
  const rotation = await at(node).rotate(token);
  return rotation.ok ? rotation.token : undefined;
}

describe("a refresh token", () => {
  test("[AUTH-5] is changed for another one of the same account and login, and of neither is more kept than a hash", async () => {
    const token = await login();
    const first = await at(0).rotate(token);
    const second = await at(1).rotate(first.ok ? first.token : "");
    if (!first.ok || !second.ok) throw new Error("refused");
    expect(new Set([token, first.token, second.token]).size).toBe(3);
    expect([second.accountId, second.familyId, second.role]).toEqual([first.accountId, first.familyId, "joueur"]);
    const kept = JSON.stringify(
      await sql(database, "SELECT * FROM refresh_tokens JOIN token_families USING (family_id)"),
    );
    for (const one of [token, first.token, second.token])
      for (const form of [
        one,
        Buffer.from(one, "base64url").toString("hex"),
        JSON.stringify(Buffer.from(one, "base64url")),
      ])
        expect(kept).not.toContain(form);
  });

  test("[AUTH-5] that is shown again gets the same successor, until that one is used; then the login ends, newest token and all", async () => {
    const token = await login();
    const next = await successor(token);
    expect([await successor(token), await successor(token, 1)]).toEqual([next, next]);
    const newest = await successor(next ?? "");
    expect(newest).toBeDefined();
    const reused = await at(1).rotate(token);
    expect(reused).toMatchObject({ ok: false, reused: expect.any(String) });
    for (const one of [token, next, newest]) expect(await successor(one ?? "")).toBeUndefined();
    const [family] = await sql(database, "SELECT revoked_for FROM token_families WHERE family_id = $1", [
      !reused.ok && reused.reused,
    ]);
    expect(family).toEqual({ revoked_for: "REUSE" });
  });

  test("[AUTH-5] that is shown again too late ends the login, even if its successor was not used", async () => {
    const token = await login();
    const next = await successor(token);
    expect(await at(0, WITHOUT_GRACE).rotate(token)).toMatchObject({ ok: false, reused: expect.any(String) });
    expect(await successor(next ?? "")).toBeUndefined();
  });

  test("[AUTH-5] that has run out, is unknown, or is only like one, is refused and ends nothing", async () => {
    const token = await login();
    for (const one of ["", "x", `${token}x`, token.slice(0, -2)])
      expect(await at(0).rotate(one)).toEqual({ ok: false, reused: undefined });
    expect(await successor(token)).toBeDefined();
    const accountId = randomUUID();
    await createAccounts(pools[0]).registerGuest(accountId);
    const short = await at(0, { lifetimeMs: 0, graceMs: HOUR_MS }).begin(accountId, "joueur");
    expect(await at(0).rotate(short.token)).toEqual({ ok: false, reused: undefined });
  });

  test("[AUTH-6] however many ask with one token at once, on whichever nodes, all of them get one successor", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom<0 | 1>(0, 1), { minLength: 2, maxLength: 12 }), async (nodes) => {
        const token = await login();
        const successors = await Promise.all(nodes.map((node) => successor(token, node)));
        expect(new Set(successors).size).toBe(1);
        expect(successors[0]).toBeDefined();
        const [{ tokens } = { tokens: 0 }] = await sql<{ tokens: number }>(
          database,
          `SELECT count(*)::int AS tokens FROM refresh_tokens WHERE family_id = (
             SELECT family_id FROM refresh_tokens WHERE token_hash = sha256($1::bytea))`,
          [Buffer.from(token)],
        );
        expect(tokens).toBe(2);
      }),
      { numRuns: 15 },
    );
  });

  test("[AUTH-6] whatever owner and thief do with copies of a login's tokens, at most one line of tokens goes on, and who shows an old one ends it", async () => {
    const step = fc.record({ node: fc.constantFrom<0 | 1>(0, 1), pick: fc.nat(5), together: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
        /** The line as it should be: the newest is last. */
        const line = [await login()];
        let over = false;
        for (const { node, pick, together } of steps) {
          const back = pick % line.length;
          const shown = line.at(-1 - back) ?? "";
          const got = together
            ? await Promise.all([successor(shown, 0), successor(shown, 1)])
            : [await successor(shown, node)];
          expect(new Set(got).size).toBe(1);
          if (over || back > 1) {
            expect(got[0]).toBeUndefined();
            over = true;
          } else if (back === 1) expect(got[0]).toBe(line.at(-1));
          else line.push(got[0] ?? "");
        }
        expect(new Set(line).size).toBe(line.length);
        expect(line).not.toContain("");
      }),
      { numRuns: 20 },
    );
  });

  test("[AUTH-7] of a log-out and a renewal at once, whichever is first: the login is over, and no token of it is good", async () => {
    for (let round = 0; round < 10; round += 1) {
      const token = await login();
      const [next, ended] = await Promise.all([successor(token, 0), at(1).revoke(token)]);
      expect(ended).toBeDefined();
      expect(await successor(next ?? token)).toBeUndefined();
      expect(await successor(token)).toBeUndefined();
      expect((await at(0).revokedSince(new Date(0).toISOString())).map(({ familyId }) => familyId)).toContain(ended);
    }
  });
});

test("[AUTH-14] what has run out goes, and guests that nothing leads back to; accounts with a name stay, and so do logins that go on", async () => {
  await sql(database, "DELETE FROM comptes");
  const accounts = createAccounts(pools[0]);
  const [gone, kept, named] = [randomUUID(), randomUUID(), randomUUID()];
  for (const id of [gone, kept]) await accounts.registerGuest(id);
  await accounts.register(named, "Somebody", "hash");
  const logins = await Promise.all([gone, kept, named].map((id) => at(0).begin(id, "joueur")));
  await successor(logins[1]?.token ?? "");
  await sql(database, "UPDATE comptes SET cree_a = now() - interval '2 days'");
  await sql(database, `UPDATE token_families SET expires_at = now() - interval '25 hours' WHERE compte_id = ANY ($1)`, [
    [gone, named],
  ]);
  await sql(database, "UPDATE refresh_tokens SET expires_at = now() - interval '1 second' WHERE used_at IS NOT NULL");
  await removeOldTokens(pools[1]);
  const left = await sql<{ id: string }>(database, "SELECT compte_id AS id FROM comptes");
  expect(left.map(({ id }) => id).sort()).toEqual([kept, named].sort());
  const families = await sql(
    database,
    "SELECT compte_id AS id, (SELECT count(*)::int FROM refresh_tokens) AS tokens FROM token_families",
  );
  expect(families).toEqual([{ id: kept, tokens: 1 }]);
});

test("[AUTH-13] the application gives nobody a role, and changes of a login only how long it lasts", async () => {
  const accountId = randomUUID();
  await createAccounts(pools[0]).register(accountId, "Climber", "hash");
  for (const text of [
    "UPDATE comptes SET role = 'admin' WHERE compte_id = $1",
    "INSERT INTO comptes (compte_id, role) VALUES (gen_random_uuid(), coalesce(nullif($1, ''), 'admin'))",
    "UPDATE token_families SET compte_id = $1",
    "UPDATE refresh_tokens SET family_id = $1",
  ])
    await expect(pools[0].query(text, [accountId])).rejects.toThrow("permission denied");
});
