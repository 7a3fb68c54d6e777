import { randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { BulkheadRejectedError, bulkhead } from "cockatiel";

/** Passwords, hashed with argon2id away from the event loop; so many at once, so many that wait, and the rest are BUSY at once. */
export interface Passwords {
  hash(password: string): Promise<string | "BUSY">;
  /** With no hash it takes as long, and is false. */
  verify(hash: string | undefined, password: string): Promise<boolean | "BUSY">;
}

/** OWASP, Password Storage Cheat Sheet: m = 19 MiB, t = 2, p = 1. The library's default algorithm is argon2id. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** A hash takes 23 ms of one core: players and files are left at least half of the cores, and half of libuv's four threads. */
const AT_ONCE = Math.max(1, Math.min(2, Math.floor(availableParallelism() / 2)));
/** Whoever is last of them waits for about a second. */
const WAITING = 32;

export function createPasswords({ atOnce = AT_ONCE, waiting = WAITING } = {}): Passwords {
  const gate = bulkhead(atOnce, waiting);
  /** Of a password that nobody knows: who has no account is told so no sooner than who has one. */
  let nobodys: Promise<string> | undefined;

  async function bounded<T>(work: () => Promise<T>): Promise<T | "BUSY"> {
    try {
      return await gate.execute(work);
    } catch (error) {
      if (error instanceof BulkheadRejectedError) return "BUSY";
      throw error;
    }
  }

  return {
    hash: (password) => bounded(() => hash(password, PARAMETERS)),
    async verify(known, password) {
      nobodys ??= hash(randomUUID(), PARAMETERS);
      const against = known ?? (await nobodys);
      const fits = await bounded(() => verify(against, password));
      return fits === "BUSY" ? fits : fits && known !== undefined;
    },
  };
}
