import type { LimitClass, PlayerLimits } from "../rooms/limits.ts";
import type { Rate } from "../rooms/token-bucket.ts";
import type { Ban } from "../store/bans.ts";
import type { SharedBuckets } from "../store/shared-buckets.ts";
import { Budget } from "./budget.ts";
import type { Config } from "./config.ts";
import { createDisguise } from "./disguise.ts";
import type { Metrics } from "./metrics.ts";

export interface Limits extends PlayerLimits {
  /** Counts one more call or join from an address, if it fits: 0; otherwise ms until it does. */
  addressWaitMs(address: string): number;
  /** Attempts to log in and the like, from an address and with a name: the same, exactly, over all nodes. */
  readonly attempts: {
    from(address: string): Promise<number>;
    as(username: string): Promise<number>;
  };
}

export type LimitRates = Config["limits"];

interface LimitsOptions {
  readonly rates: LimitRates;
  /** With which addresses and names are disguised. */
  readonly secret: string;
  /** Undefined: each node counts for itself. */
  readonly shared?: SharedBuckets | undefined;
  readonly metrics: Pick<Metrics, "limited" | "abuse">;
  /** Shuts a player out; `until` is an ISO 8601 time. */
  ban(ban: Pick<Ban, "userId" | "reason"> & { readonly until: string }): Promise<void>;
  fault(error: unknown): void;
}

const REASON = "too many calls, again and again";

/** All limits of pace that a node holds others to, beside those of a single connection. */
export function createLimits({ rates, secret, shared, metrics, ban, fault }: LimitsOptions): Limits {
  const budget = (name: string, rate: Rate): Budget => new Budget(name, rate, shared);
  const players: Readonly<Record<LimitClass, Budget>> = {
    call: budget("call:account", rates.call),
    join: budget("join:account", rates.call),
    combat: budget("combat:account", rates.combat),
    trade: budget("trade:account", rates.trade),
  };
  const addresses = budget("call:address", rates.address);
  const from = budget("login:address", rates.loginsFrom);
  const as = budget("login:account", rates.loginsAs);
  const refusals = budget("abuse:account", rates.refusals);
  const cuts = budget("cuts:account", rates.cuts);
  const disguise = createDisguise(secret, "addresses and names of limits");

  function counted(wait: number, of: string, by: "account" | "address"): number {
    if (wait > 0) metrics.limited.inc({ class: of, by });
    return wait;
  }

  async function flooded(userId: string): Promise<void> {
    metrics.abuse.inc({ outcome: "cut" });
    if (rates.banSeconds === 0 || (await cuts.waitMsOfAll(userId)) === 0) return;
    metrics.abuse.inc({ outcome: "ban" });
    await ban({ userId, reason: REASON, until: new Date(Date.now() + rates.banSeconds * 1_000).toISOString() });
    // Who comes back when it has run out, or was lifted, begins anew.
    cuts.forget(userId);
  }

  const limits: Limits = {
    waitMs: (of, userId) => counted(players[of].waitMs(userId), of, "account"),
    addressWaitMs: (address) => counted(addresses.waitMs(disguise(address)), "call", "address"),
    attempts: {
      from: async (address) => counted(await from.waitMsOfAll(disguise(address)), "login", "address"),
      as: async (username) => counted(await as.waitMsOfAll(disguise(username.toLowerCase())), "login", "account"),
    },
    refused(userId) {
      if (refusals.waitMs(userId) === 0) return false;
      refusals.forget(userId);
      limits.flooded(userId);
      return true;
    },
    flooded(userId) {
      flooded(userId).catch(fault);
    },
  };
  return limits;
}
