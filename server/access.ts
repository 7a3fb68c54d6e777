import type pg from "pg";
import { createAccounts } from "../store/accounts.ts";
import { createAuditLines } from "../store/audit-lines.ts";
import { createPool, limitWaiting } from "../store/database.ts";
import { createRefreshTokens } from "../store/refresh-tokens.ts";
import { createActs } from "./acts.ts";
import { createAuthenticator } from "./auth.ts";
import { createIssuer } from "./issuer.ts";
import type { Limits } from "./limits.ts";
import type { NodeBase } from "./node-base.ts";
import { createPasswords } from "./passwords.ts";
import type { Releasers } from "./releasers.ts";
import { watchRevocations } from "./revocations.ts";
import type { AccountServices } from "./routes/accounts.ts";
import { createTokens } from "./tokens.ts";

/** Connections for accounts and audit lines, ms that one waits for one, and how many do. Reads that are slow do not hold up a login. */
const POOL = 3;
const WAIT_MS = 1_000;
const WAITING = 200;

/** For which a refresh token may be shown again by who has lost the answer. */
const GRACE_MS = 30_000;

export type Access = Awaited<ReturnType<typeof openAccess>>;

/** Who may come in, and what is noted of what they do. */
export async function openAccess(
  base: NodeBase,
  readModels: Pick<pg.Pool, "query">,
  attempts: Limits["attempts"],
  releasers: Releasers,
) {
  const { config, database, telemetry } = base;
  const connections = createPool({ ...database, poolSize: POOL, statementTimeoutMs: 2_000, connectTimeoutMs: WAIT_MS });
  releasers.add("connections for accounts", () => connections.end());
  const pool = limitWaiting(connections, WAITING);
  const seconds = config.tokenSeconds;
  const refreshTokens = createRefreshTokens(pool, { lifetimeMs: seconds.refresh * 1_000, graceMs: GRACE_MS });
  const revocations = await watchRevocations(refreshTokens, seconds.access * 1_000, (error) =>
    telemetry.fault("revocations", error),
  );
  releasers.add("revocations", () => revocations.close());
  const lines = createAuditLines(pool, readModels);
  const { authSecret: secret, tenantId, issuer } = config;
  const accounts: AccountServices = {
    accounts: createAccounts(pool),
    passwords: createPasswords(),
    tokens: createTokens({ secret, tenantId, seconds, refreshTokens, revocations }),
    attempts,
  };
  return {
    connections,
    accounts,
    lines,
    acts: createActs(lines, telemetry),
    authenticate: createAuthenticator({
      ...{ secret, tenantId, isRevoked: revocations.has },
      foreign: issuer && { issuer: issuer.issuer, verify: createIssuer(issuer, tenantId) },
    }),
  };
}
