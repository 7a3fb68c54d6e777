import { expect, test } from "vitest";
import { createPasswords } from "../../server/passwords.ts";

const PASSWORD = "correct horse battery staple";

test("[AUTH-3] a password is hashed with argon2id, with a salt of its own and no less than OWASP's parameters", async () => {
  const passwords = createPasswords();
  const [one, another] = [await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)];
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(one).not.toBe(another);
  expect(await passwords.verify(one, PASSWORD)).toBe(true);
  for (const wrong of ["", PASSWORD.toUpperCase(), `${PASSWORD} `, `${PASSWORD}\0`])
    expect(await passwords.verify(one, wrong)).toBe(false);
});

test("[AUTH-3] the event loop goes on meanwhile; so many at once, so many wait, and the rest are BUSY at once", async () => {
  const passwords = createPasswords({ atOnce: 1, waiting: 3 });
  let turns = 0;
  const turning = setInterval(() => {
    turns += 1;
  }, 1);
  const done: unknown[] = [];
  const hashes = Array.from({ length: 10 }, async () => {
    const hash = await passwords.hash(PASSWORD);
    done.push(hash);
    return hash;
  });
  const all = await Promise.all(hashes);
  clearInterval(turning);
  expect(all.filter((one) => one === "BUSY")).toHaveLength(6);
  expect(done.slice(0, 6)).toEqual(Array(6).fill("BUSY"));
  expect(turns).toBeGreaterThan(3);
  expect(await passwords.hash(PASSWORD)).toMatch(/^\$argon2id/);
});

test("[AUTH-2] to find that nobody has the name takes as long as to find that the password is another", async () => {
  const passwords = createPasswords();
  const hash = await passwords.hash(PASSWORD);
  if (hash === "BUSY") throw new Error("busy with one");
  // The quickest of each: what a busy machine adds to the others says nothing.
  const quickest = { known: Number.POSITIVE_INFINITY, unknown: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 12; round += 1)
    for (const [kind, known] of [
      ["known", hash],
      ["unknown", undefined],
    ] as const) {
      const came = performance.now();
      expect(await passwords.verify(known, "another password")).toBe(false);
      quickest[kind] = Math.min(quickest[kind], performance.now() - came);
    }
  const all = Object.values(quickest);
  expect(Math.max(...all) / Math.min(...all)).toBeLessThan(2);
  expect(await passwords.verify(undefined, PASSWORD)).toBe(false);
});
