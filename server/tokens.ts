import type { Role } from "../domain/roles.ts";
import type { GivenToken, RefreshTokens } from "../store/refresh-tokens.ts";
import { signToken } from "./auth.ts";
import type { Revocations } from "./revocations.ts";

/** As the contract has them: an hour, and 7 days. A refresh token may be shown again for half a minute. */
export const TOKEN_TIMES = { accessSeconds: 3_600, lifetimeMs: 7 * 24 * 3_600_000, graceMs: 30_000 } as const;

/** What somebody who has logged in is given. Times in seconds from now. */
export interface TokenPair {
  readonly userId: string;
  readonly role: Role;
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly refreshToken: string;
  readonly refreshExpiresIn: number;
}

export interface Tokens {
  begin(accountId: string, role: Role): Promise<TokenPair>;
  /** Undefined: the token is none, has run out, was revoked, or is shown once too often. */
  refresh(refreshToken: string): Promise<TokenPair | undefined>;
  /** Ends the login that a token comes from, on this node at once. */
  end(refreshToken: string): Promise<void>;
}

export interface TokenServices {
  readonly secret: string;
  readonly tenantId: string;
  readonly refreshTokens: RefreshTokens;
  readonly revocations: Pick<Revocations, "add">;
}

export function createTokens({ secret, tenantId, refreshTokens, revocations }: TokenServices): Tokens {
  async function pairOf({ familyId, accountId: userId, role, token }: GivenToken): Promise<TokenPair> {
    const { accessSeconds: expiresIn, lifetimeMs } = TOKEN_TIMES;
    return {
      ...{ userId, role, expiresIn },
      accessToken: await signToken(secret, { userId, role, tenantId }, `${expiresIn}s`, familyId),
      refreshToken: token,
      refreshExpiresIn: lifetimeMs / 1_000,
    };
  }

  return {
    begin: async (accountId, role) => pairOf(await refreshTokens.begin(accountId, role)),
    async refresh(refreshToken) {
      const rotated = await refreshTokens.rotate(refreshToken);
      if (rotated.ok) return pairOf(rotated);
      if (rotated.reused !== undefined) revocations.add(rotated.reused);
      return undefined;
    },
    async end(refreshToken) {
      const ended = await refreshTokens.revoke(refreshToken);
      if (ended !== undefined) revocations.add(ended);
    },
  };
}
