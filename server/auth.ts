import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Authenticate, Principal } from "../rooms/principal.ts";
import { wireId } from "../rooms/wire.ts";

const claims = z.object({
  sub: wireId,
  role: z.enum(["joueur", "spectateur", "service", "auteur", "admin"]),
  tenant: z.string(),
});

const ISSUER = "aether-engine";

/** Tokens are JWTs, HS256, signed with the configured secret: `sub` the player's id, `role`, `tenant`. */
export function createAuthenticator(secret: string, tenantId: string): Authenticate {
  const key = new TextEncoder().encode(secret);
  return async (token) => {
    if (token === undefined || token === "") return undefined;
    try {
      const { payload } = await jwtVerify(token, key, { algorithms: ["HS256"], issuer: ISSUER });
      const parsed = claims.safeParse(payload);
      if (!parsed.success || parsed.data.tenant !== tenantId) return undefined;
      return { userId: parsed.data.sub, role: parsed.data.role, tenantId };
    } catch {
      // jose tells a bad signature, an expired token and nonsense apart; the caller must not.
      return undefined;
    }
  };
}

/** @param expiresIn e.g. "1h" */
export function signToken(secret: string, { userId, role, tenantId }: Principal, expiresIn = "1h"): Promise<string> {
  return new SignJWT({ role, tenant: tenantId })
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
