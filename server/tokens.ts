import type { Role } from "../domain/roles.ts";
import type { GivenToken, RefreshTokens } from "../store/refresh-tokens.ts";
import { signToken } from "./auth.ts";
import type { Revocations } from "./revocations.ts";

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
  /** For how long, in seconds. */
  readonly seconds: { readonly access: number; readonly refresh: number };
  readonly refreshTokens: RefreshTokens;
  readonly revocations: Pick<Revocations, "add">;
}

export function createTokens({ secret, tenantId, seconds, refreshTokens, revocations }: TokenServices): Tokens {
  async function pairOf({ familyId, accountId: userId, role, token }: GivenToken): Promise<TokenPair> {
    return {
      ...{ userId, role, expiresIn: seconds.access },
      accessToken: await signToken(secret, { userId, role, tenantId }, `${seconds.access}s`, familyId),
      refreshToken: token,
      refreshExpiresIn: seconds.refresh,
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
