import type { RefreshTokens } from "../store/refresh-tokens.ts";

/** Logins that were ended before their access tokens have run out: by a log-out, or as one of their tokens was shown twice. */
export interface Revocations {
  has(familyId: string): boolean;
  /** Ended here: it counts from now on, without waiting for the next look. */
  add(familyId: string): void;
  close(): Promise<void>;
}

/** ms between looks: for so long, and for as long as a look takes, another node's log-out is not known here. */
const LOOK_MS = 1_000;
/** By how much one transaction may end later than another that took its time after it: a statement ends after 5 s. */
const OVERLAP_MS = 10_000;

/**
 * @param livesMs of an access token: what was revoked longer ago need not be known
 * @param onFault of a look; what is known stands meanwhile
 */
export async function watchRevocations(
  tokens: Pick<RefreshTokens, "revokedSince">,
  livesMs: number,
  onFault: (error: unknown) => void,
): Promise<Revocations> {
  /** By family, when: ms since 1970. */
  const known = new Map<string, number>();
  let seenUntil = 0;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const oldest = Date.now() - livesMs - OVERLAP_MS;
    const since = Math.max(seenUntil - OVERLAP_MS, oldest);
    for (const { familyId, at } of await tokens.revokedSince(new Date(since).toISOString())) {
      known.set(familyId, Date.parse(at));
      seenUntil = Math.max(seenUntil, Date.parse(at));
    }
    for (const [familyId, at] of known) if (at < oldest) known.delete(familyId);
  }

  function lookAgain(): void {
    looking ??= look()
      .catch(onFault)
      .finally(() => {
        looking = undefined;
      });
  }
  // Before any door opens: what was ended while no node ran is over.
  await look();
  const looks = setInterval(lookAgain, LOOK_MS);

  return {
    has: (familyId) => known.has(familyId),
    add: (familyId) => void known.set(familyId, Date.now()),
    async close() {
      clearInterval(looks);
      await looking;
    },
  };
}
