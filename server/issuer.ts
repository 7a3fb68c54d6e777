import { createRemoteJWKSet, errors, type JWTVerifyOptions, jwtVerify } from "jose";
import { v5 } from "uuid";
import { ROLES } from "../domain/roles.ts";
import type { Principal } from "../rooms/principal.ts";
import type { IssuerConfig } from "./config.ts";

/** The keys of another issuer cannot be had now. Its tokens may be good: this says nothing of them. `code`: HTTP status of a join. */
export class IssuerAwayError extends Error {
  override readonly name = "IssuerAwayError";
  readonly code = 503;

  constructor(cause: unknown) {
    super("UNAVAILABLE", { cause });
  }
}

/** Signatures that only the issuer can make: a public key must not pass for a shared secret. */
const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
/** ms for the issuer's keys to come. */
const KEYS_TIMEOUT_MS = 2_000;

/** Whose token this is, of another issuer's. @throws IssuerAwayError; whatever else it throws is the token's fault */
export type VerifyForeign = (token: string) => Promise<Omit<Principal, "tenantId">>;

/** Tokens of another issuer (OpenID Connect), by its published keys or by a secret shared with it. */
export function createIssuer(config: IssuerConfig, tenantId: string): VerifyForeign {
  const { issuer, audience, keys, roleClaim } = config;
  const options: JWTVerifyOptions = { issuer, audience, requiredClaims: ["exp", "sub"] };
  const namespace = v5(issuer, v5.URL);

  const verified =
    "secret" in keys
      ? withSecret(new TextEncoder().encode(keys.secret), options)
      : withPublished(new URL(keys.url), options);

  return async (token) => {
    const { payload } = await verified(token);
    if (payload["tenant"] !== undefined && payload["tenant"] !== tenantId) throw new Error("another tenant's");
    const claimed = roleClaim === undefined ? [] : [payload[roleClaim]].flat();
    // A subject is whatever its issuer likes: the same one is the same player for ever, and nobody else's.
    return {
      userId: v5(String(payload.sub), namespace),
      role: ROLES.find((role) => claimed.includes(role)) ?? "joueur",
    };
  };
}

function withSecret(secret: Uint8Array, options: JWTVerifyOptions) {
  return (token: string) => jwtVerify(token, secret, { ...options, algorithms: ["HS256", "HS384", "HS512"] });
}

/** The keys are kept for 10 minutes, and asked for again, twice a minute at most, when a token names one that is not among them. */
function withPublished(url: URL, options: JWTVerifyOptions) {
  const find = createRemoteJWKSet(url, { timeoutDuration: KEYS_TIMEOUT_MS });
  async function keyOf(...asked: Parameters<typeof find>): ReturnType<typeof find> {
    try {
      return await find(...asked);
    } catch (error) {
      // Which key it would be is the token's to say. That there are none is the issuer's fault, or the network's.
      if (OF_THE_TOKEN.some((kind) => error instanceof kind)) throw error;
      throw new IssuerAwayError(error);
    }
  }
  return (token: string) => jwtVerify(token, keyOf, { ...options, algorithms: ASYMMETRIC });
}

const OF_THE_TOKEN = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];
