import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthenticator, signToken } from "../../server/auth.ts";
import { readConfig } from "../../server/config.ts";
import { createIssuer, IssuerAwayError } from "../../server/issuer.ts";
import { startIssuer, type TestIssuer } from "../support/issuer.ts";
import { refusedTokens } from "../support/refused-tokens.ts";

const SECRET = "a secret of this test's alone, and long enough";
const TENANT = "mine";
const ALIX = "a0000000-0000-4000-8000-000000000001";
const principal = { userId: ALIX, role: "joueur", tenantId: TENANT } as const;

let other: TestIssuer;
beforeAll(async () => {
  other = await startIssuer();
});
afterAll(() => other.close());

const ended = new Set<string>();
const trusting = (keys: { url: string } | { secret: string }, roleClaim?: string) =>
  createAuthenticator({
    secret: SECRET,
    tenantId: TENANT,
    isRevoked: (id) => ended.has(id),
    foreign: {
      issuer: other.issuer,
      verify: createIssuer({ issuer: other.issuer, audience: other.audience, keys, roleClaim }, TENANT),
    },
  });

describe("own tokens", () => {
  test("[AUTH-9] whatever is wrong with a token, it is refused, and not sooner or later than another", async () => {
    const authenticate = trusting({ url: other.url });
    expect(await authenticate(await signToken(SECRET, principal))).toEqual(principal);
    // Its keys are there: what is measured is the check.
    await authenticate(await other.sign({ sub: "x" }));
    const revoked = crypto.randomUUID();
    ended.add(revoked);
    const bad: Readonly<Record<string, string | undefined>> = {
      ...(await refusedTokens(SECRET, principal)),
      revoked: await signToken(SECRET, principal, "1h", revoked),
      "another issuer's, expired": await other.sign({ sub: "x", exp: "-1m" }),
      "another issuer's, for somebody else": await other.sign({ sub: "x", aud: "elsewhere" }),
    };
    // Of each kind the quickest: what a busy machine adds to the others says nothing.
    const quickest: Record<string, number> = {};
    for (let round = 0; round < 15; round += 1)
      for (const [kind, token] of Object.entries(bad)) {
        const came = performance.now();
        expect(await authenticate(token), kind).toBeUndefined();
        quickest[kind] = Math.min(quickest[kind] ?? Number.POSITIVE_INFINITY, performance.now() - came);
      }
    const all = Object.values(quickest);
    expect(Math.max(...all) / Math.min(...all), JSON.stringify(quickest)).toBeLessThan(2);
  });

  test("[AUTH-7] a login that has been ended takes its access tokens with it, and no other's", async () => {
    const authenticate = trusting({ url: other.url });
    const [mine, another] = [crypto.randomUUID(), crypto.randomUUID()];
    const tokens = await Promise.all([mine, another].map((id) => signToken(SECRET, principal, "1h", id)));
    ended.add(mine);
    expect(await Promise.all(tokens.map(authenticate))).toEqual([undefined, { ...principal, loginId: another }]);
  });
});

describe("another issuer's tokens", () => {
  test("[AUTH-10] the same subject is the same player for ever, and nobody else's; a joueur, unless a claim says otherwise", async () => {
    const authenticate = trusting({ url: other.url });
    const who = await authenticate(await other.sign({ sub: "auth0|42" }));
    expect(who).toEqual({ userId: expect.stringMatching(/^[0-9a-f-]{36}$/), role: "joueur", tenantId: TENANT });
    expect(await authenticate(await other.sign({ sub: "auth0|42", role: "admin" }))).toEqual(who);
    expect((await authenticate(await other.sign({ sub: "auth0|43" })))?.userId).not.toBe(who?.userId);
    expect((await authenticate(await other.sign({ sub: ALIX })))?.userId).not.toBe(ALIX);
    const withRoles = trusting({ url: other.url }, "roles");
    const roleOf = async (roles: unknown) => (await withRoles(await other.sign({ sub: "x", roles })))?.role;
    expect(await Promise.all(["admin", ["editor", "auteur"], ["root"], "Admin", 7, undefined].map(roleOf))).toEqual([
      "admin",
      "auteur",
      "joueur",
      "joueur",
      "joueur",
      "joueur",
    ]);
  });

  test("[AUTH-10] it must be for this server, of this tenant if it names one, run out some time, and signed with the issuer's key", async () => {
    const authenticate = trusting({ url: other.url });
    const stranger = await startIssuer();
    const good = await other.sign({ sub: "x" });
    const key = new TextEncoder().encode(SECRET);
    const asOther = new SignJWT({ iss: other.issuer, aud: other.audience, sub: "x" });
    for (const token of [
      await other.sign({ sub: "x", aud: "elsewhere" }),
      await other.sign({ sub: "x", exp: "-1s" }),
      await other.sign({ sub: "x", tenant: "another" }),
      await other.sign({}),
      await stranger.sign({ sub: "x" }),
      await stranger.sign({ sub: "x", iss: other.issuer }),
      await asOther.setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h").sign(key),
      // Says that it is this server's own.
      await other.sign({ sub: ALIX, iss: "aether-engine", role: "admin", tenant: TENANT }),
      `${good.slice(0, -6)}AAAAAA`,
    ])
      expect(await authenticate(token)).toBeUndefined();
    expect(await authenticate(await other.sign({ sub: "x", tenant: TENANT }))).toBeDefined();
    await stranger.close();
  });

  test("[AUTH-10] the issuer's keys are asked for once, and not again for each token that names another", async () => {
    const authenticate = trusting({ url: other.url });
    const before = other.asked;
    for (let round = 0; round < 5; round += 1) expect(await authenticate(await other.sign({ sub: "x" }))).toBeDefined();
    expect(other.asked).toBe(before + 1);
    await other.rotate();
    for (let round = 0; round < 5; round += 1)
      expect(await authenticate(await other.sign({ sub: "x" }))).toBeUndefined();
    expect(other.asked).toBe(before + 1);
    expect(await trusting({ url: other.url })(await other.sign({ sub: "x" }))).toBeDefined();
  });

  test("[AUTH-10] while its keys cannot be had, nothing is said of its tokens, and own ones are as good as ever", async () => {
    for (const how of ["error", "nonsense"] as const) {
      const authenticate = trusting({ url: other.url });
      other.answers(how);
      await expect(authenticate(await other.sign({ sub: "x" }))).rejects.toThrow(IssuerAwayError);
      expect(await authenticate(await signToken(SECRET, principal))).toEqual(principal);
      other.answers("keys");
      expect(await authenticate(await other.sign({ sub: "x" }))).toBeDefined();
    }
    const nowhere = trusting({ url: "http://127.0.0.1:1/jwks" });
    await expect(nowhere(await other.sign({ sub: "x" }))).rejects.toThrow(IssuerAwayError);
  });

  test("[AUTH-10] a secret that is shared with it does as well; a token by its public keys does not pass for one by the secret", async () => {
    const shared = "a secret that another issuer and this server share";
    const authenticate = trusting({ secret: shared });
    const signed = (secret: string) =>
      new SignJWT({ iss: other.issuer, aud: other.audience, sub: "x" })
        .setProtectedHeader({ alg: "HS256" })
        .setExpirationTime("1h")
        .sign(new TextEncoder().encode(secret));
    expect((await authenticate(await signed(shared)))?.role).toBe("joueur");
    expect(await authenticate(await signed(SECRET))).toBeUndefined();
    expect(await authenticate(await other.sign({ sub: "x" }))).toBeUndefined();
  });
});

test("[AUTH-11] half a setting of another issuer ends the start, and says what is missing", () => {
  const whole = { OIDC_ISSUER: "https://id.example", OIDC_AUDIENCE: "game", OIDC_JWKS_URL: "https://id.example/jwks" };
  const of = (env: Readonly<Record<string, string>>) => readConfig(env).issuer;
  expect(of({})).toBeUndefined();
  expect(of(whole)).toMatchObject({ issuer: "https://id.example", keys: { url: "https://id.example/jwks" } });
  const { OIDC_JWKS_URL, ...rest } = whole;
  const shared = "x".repeat(32);
  expect(of({ ...rest, OIDC_SECRET: shared })).toMatchObject({ keys: { secret: shared } });
  for (const name of ["OIDC_ISSUER", "OIDC_AUDIENCE", "OIDC_JWKS_URL"] as const) {
    const { [name]: _, ...half } = whole;
    expect(() => of(half), name).toThrow(name);
  }
  expect(() => of({ ...whole, OIDC_SECRET: shared })).toThrow("not both");
  expect(() => of({ ...rest, OIDC_SECRET: shared, AUTH_SECRET: shared })).toThrow("AUTH_SECRET");
  expect(() => of({ ...whole, OIDC_ISSUER: "aether-engine" })).toThrow("own name");
  expect(() => of({ ...rest, OIDC_SECRET: "short" })).toThrow("OIDC_SECRET");
  expect(() => of({ ...rest, OIDC_SECRET_FILE: "/nowhere" })).toThrow("OIDC_SECRET_FILE cannot be read");
  expect(() => of({ OIDC_ROLE_CLAIM: "roles" })).toThrow("OIDC_ISSUER");
});
