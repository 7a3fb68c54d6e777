import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { z } from "zod";
import type { RefusalCode } from "../domain/codes.ts";
import type { Entrance } from "../rooms/entrance.ts";
import type { Authenticate, Principal } from "../rooms/principal.ts";
import type { Telemetry } from "../rooms/telemetry.ts";
import { type Ban, isBanned, newlyBanned } from "../store/bans.ts";
import { findSession, openSession, revokeSession } from "../store/sessions.ts";
import type { BanBook, NewBan } from "./ban-book.ts";

export interface Bans {
  /** The player's connections to this node end at once, those to others within a moment. */
  ban(ban: NewBan): Promise<Ban>;
  /** False: there was no ban. */
  readonly lift: BanBook["lift"];
}

/** For the doors over HTTP, which are asked at each call. */
export interface DoorKeeper {
  /** Why a player may not come in; up to a second old. */
  mayCall(userId: string): Promise<RefusalCode | undefined>;
  /** Whose token it is, unless they are shut out. */
  readonly admit: Authenticate;
}

interface EntranceOptions {
  readonly authenticate: Authenticate;
  readonly pool: Pick<pg.Pool, "query">;
  readonly bans: BanBook;
  readonly tenantId: string;
  /** s that a session lives, from its first join. */
  readonly sessionSeconds: number;
  readonly telemetry: Pick<Telemetry, "fault">;
}

/** ms between looks for players who were shut out elsewhere. */
const LOOK_MS = 1_000;
/** s over which a look goes back: far longer than any statement may take, so that none that commits late is missed. */
const LOOK_BACK_S = 60;
/** ms for which a verdict on a caller is kept, and of how many. */
const VERDICT_MS = 1_000;
const VERDICTS = 10_000;

const SECRET_BYTES = 32;
const token = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[\w-]{43}$/);

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Sessions and bans on PostgreSQL, as all nodes share them. A session's token is `<session id>.<secret>`. */
export function createEntrance({
  authenticate,
  pool,
  bans,
  tenantId,
  sessionSeconds,
  telemetry,
}: EntranceOptions): Entrance & Bans & DoorKeeper & { close(): Promise<void> } {
  const present = new Map<string, Set<() => void>>();
  const ending = new Set<Promise<void>>();
  const closing = new AbortController();
  const verdicts = new Map<string, { readonly verdict: RefusalCode | undefined; readonly until: number }>();

  async function mayEnter(userId: string): Promise<RefusalCode | undefined> {
    return (await isBanned(pool, userId)) ? "BANNED" : undefined;
  }

  async function mayCall(userId: string): Promise<RefusalCode | undefined> {
    const known = verdicts.get(userId);
    if (known !== undefined && known.until > performance.now()) return known.verdict;
    const verdict = await mayEnter(userId);
    if (verdicts.size >= VERDICTS) verdicts.clear();
    verdicts.set(userId, { verdict, until: performance.now() + VERDICT_MS });
    return verdict;
  }

  async function look(secondsBack: number): Promise<void> {
    for (const userId of await newlyBanned(pool, secondsBack))
      for (const shut of [...(present.get(userId) ?? [])]) shut();
  }

  async function watchBans(): Promise<void> {
    const { signal } = closing;
    for (let seenAt = performance.now(); !signal.aborted; ) {
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
      const now = performance.now();
      try {
        if (!signal.aborted) await look(LOOK_BACK_S + (now - seenAt) / 1_000);
        seenAt = now;
      } catch (error) {
        telemetry.fault("bans", error);
      }
    }
  }
  const watching = watchBans();

  return {
    mayEnter,
    mayCall,

    async admit(given) {
      const who = await authenticate(given);
      return who === undefined || (await mayCall(who.userId)) === undefined ? who : undefined;
    },

    async open(sessionId, { userId, role, loginId }, { room, id }) {
      const secret = randomBytes(SECRET_BYTES).toString("base64url");
      const session = { sessionId, tokenHash: hashOf(secret), userId, role, room, aggregateId: id, loginId };
      await openSession(pool, { ...session, livesSeconds: sessionSeconds });
      return `${sessionId}.${secret}`;
    },

    async resume(given) {
      const parsed = token.safeParse(given);
      if (!parsed.success) return "SESSION_UNKNOWN";
      const [sessionId = "", secret = ""] = parsed.data.split(".");
      const session = await findSession(pool, sessionId);
      if (session === undefined || !timingSafeEqual(session.tokenHash, hashOf(secret))) return "SESSION_UNKNOWN";
      const { userId, role, room, aggregateId: id } = session;
      const refused = refusalOf(session);
      if (refused !== undefined) return refused;
      return { who: { userId, role: role as Principal["role"], tenantId }, sessionId, of: { room, id } };
    },

    end(sessionId) {
      // Not waited for: who has left has left, and a session that is not ended runs out.
      const ended = revokeSession(pool, sessionId)
        .catch((error: unknown) => telemetry.fault("end of a session", error))
        .finally(() => ending.delete(ended));
      ending.add(ended);
    },

    watch(userId, shut) {
      const all = present.get(userId) ?? new Set();
      present.set(userId, all.add(shut));
      return () => {
        all.delete(shut);
        if (all.size === 0 && present.get(userId) === all) present.delete(userId);
      };
    },

    async ban(ban) {
      const added = await bans.add(ban);
      verdicts.delete(ban.userId);
      await look(LOOK_BACK_S);
      return added;
    },

    async lift(lifting) {
      const lifted = await bans.lift(lifting);
      verdicts.delete(lifting.userId);
      return lifted;
    },

    async close() {
      closing.abort();
      await watching;
      await Promise.all(ending);
    },
  };
}

function refusalOf(session: { readonly banned: boolean; readonly revoked: boolean; readonly expired: boolean }) {
  const refused: RefusalCode | undefined = session.banned
    ? "BANNED"
    : session.revoked
      ? "SESSION_REVOKED"
      : session.expired
        ? "SESSION_EXPIRED"
        : undefined;
  return refused;
}
