import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { ROLES } from "../domain/roles.ts";
import type { Authenticate, Principal } from "../rooms/principal.ts";
import { wireId } from "../rooms/wire.ts";
import { ISSUER } from "./config.ts";
import { IssuerAwayError, type VerifyForeign } from "./issuer.ts";

const claims = z.object({
  sub: wireId,
  role: z.enum(ROLES),
  tenant: z.string(),
  sid: z.uuid().optional(),
});

/**
 * ms from a token's coming to its refusal, whatever is wrong with it: its kinds of fault take from 0.05 to 0.3 ms to find, and how long it
 * took must not tell which it was.
 */
const REFUSED_AFTER_MS = 10;

export interface AuthenticatorOptions {
  readonly secret: string;
  readonly tenantId: string;
  /** Whether a login is over, by its id (`sid`). */
  readonly isRevoked?: (familyId: string) => boolean;
  /** For tokens that name another issuer. */
  readonly foreign?: { readonly issuer: string; readonly verify: VerifyForeign } | undefined;
}

/**
 * Tokens are JWTs, HS256, signed with the configured secret: `sub` the player's id, `role`, `tenant`, `sid` the login that it comes from; or
 * another issuer's. @throws IssuerAwayError
 */
export function createAuthenticator({ secret, tenantId, isRevoked, foreign }: AuthenticatorOptions): Authenticate {
  const key = new TextEncoder().encode(secret);

  async function own(token: string): Promise<Principal | undefined> {
    const options = { algorithms: ["HS256"], issuer: ISSUER, requiredClaims: ["exp"] };
    const { payload } = await jwtVerify(token, key, options);
    const parsed = claims.safeParse(payload);
    if (!parsed.success) return undefined;
    const { sub: userId, role, tenant, sid } = parsed.data;
    if (tenant !== tenantId || (sid !== undefined && isRevoked?.(sid))) return undefined;
    return { userId, role, tenantId, ...(sid !== undefined && { loginId: sid }) };
  }

  async function identified(token: string): Promise<Principal | undefined> {
    try {
      if (foreign === undefined || decodeJwt(token).iss !== foreign.issuer) return await own(token);
      return { ...(await foreign.verify(token)), tenantId };
    } catch (error) {
      if (error instanceof IssuerAwayError) throw error;
      // jose tells a bad signature, an expired token and nonsense apart; the caller must not.
      return undefined;
    }
  }

  return async (token) => {
    // Begun before anything is looked at, so that it ends at the same time whatever is found.
    const due = sleep(REFUSED_AFTER_MS);
    const who = token === undefined || token === "" ? undefined : await identified(token);
    if (who === undefined) await due;
    return who;
  };
}

/**
 * @param expiresIn e.g. "1h"
 * @param familyId the login with whose end the token's ends; default: it ends by its time alone
 */
export function signToken(
  secret: string,
  { userId, role, tenantId }: Principal,
  expiresIn = "1h",
  familyId?: string,
): Promise<string> {
  return new SignJWT({ role, tenant: tenantId, ...(familyId !== undefined && { sid: familyId }) })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuer(ISSUER)
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(new TextEncoder().encode(secret));
}

const NODE_AUDIENCE = "aether-engine nodes";

/** Nodes of one tenant know each other by tokens of their own: no other token of this server's passes for one. */
export function createNodeTokens(secret: string, tenantId: string) {
  const key = new TextEncoder().encode(secret);
  return {
    sign: () =>
      new SignJWT({ tenant: tenantId })
        .setProtectedHeader({ alg: "HS256" })
        .setIssuer(ISSUER)
        .setAudience(NODE_AUDIENCE)
        .setExpirationTime("1m")
        .sign(key),
    async verify(token: string | undefined): Promise<boolean> {
      if (token === undefined) return false;
      try {
        const options = { algorithms: ["HS256"], issuer: ISSUER, audience: NODE_AUDIENCE };
        const { payload } = await jwtVerify(token, key, options);
        return payload["tenant"] === tenantId;
      } catch {
        // jose tells a bad signature, an expired token and nonsense apart; the caller must not.
        return false;
      }
    },
  };
}
