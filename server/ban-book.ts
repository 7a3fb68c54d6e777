import type pg from "pg";
import type { EventMetadata } from "../domain/envelope.ts";
import { type BanEvent, banned, lifted } from "../domain/player/bans.ts";
import { appendWithin } from "../store/append-batch.ts";
import { addBan, type Ban, liftBans, lockBans } from "../store/bans.ts";
import type { AppendRequest, AppendResult } from "../store/event-store.ts";
import type { EventRegistry } from "../store/registry.ts";
import type { Seal } from "../store/seal.ts";
import { inTransaction } from "../store/transaction.ts";
import { bansId, uuidv7 } from "../store/uuid.ts";
import { checkRequest } from "../store/validate.ts";

export interface NewBan extends Omit<Ban, "bannedAt"> {
  /** Of the act that it is. */
  readonly correlationId: string;
}

export interface Lifting {
  readonly userId: string;
  readonly liftedBy: string;
  readonly correlationId: string;
}

/** Bans as they are written: row and event [BAN-4] in one transaction. Both reject where that cannot be. */
export interface BanBook {
  add(ban: NewBan): Promise<Ban>;
  /** False: there was none. */
  lift(lifting: Lifting): Promise<boolean>;
}

interface BanBookOptions {
  readonly pool: pg.Pool;
  readonly registry: EventRegistry;
  readonly seal: Pick<Seal, "request">;
  readonly tenantId: string;
  /** What was written, after each commit; must not throw. */
  readonly onAppended?: (request: AppendRequest, result: AppendResult) => void;
}

export function createBanBook({ pool, registry, seal, tenantId, onAppended }: BanBookOptions): BanBook {
  /** Events but for their place in the player's stream of bans, sealed. */
  async function tell(
    joueurId: string,
    told: readonly BanEvent[],
    by: Pick<EventMetadata, "userId" | "correlationId">,
  ): Promise<AppendRequest> {
    const timestamp = new Date().toISOString();
    const events = told.map((event) => ({
      ...event,
      ...{ eventId: uuidv7(), timestamp },
      metadata: { ...by, tenantId, schemaVersion: registry.schemaVersion(event.eventType) },
    }));
    const aggregateId = bansId(joueurId);
    const request: AppendRequest = {
      actorId: aggregateId,
      streams: [{ aggregateId, aggregateType: "Joueur", expectedVersion: 0, events }],
    };
    const problem = checkRequest(request, registry);
    if (problem !== undefined) throw new Error(problem);
    return seal.request(request);
  }

  return {
    async add({ correlationId, ...ban }) {
      const { userId: joueurId, reason: raison, bannedBy: banniPar, until } = ban;
      const banId = uuidv7();
      const expireA = until === null ? null : new Date(until).toISOString();
      const event = banned({ banId, joueurId, raison, banniPar, expireA });
      // Before the transaction: nobody waits for its locks while a key is asked for.
      const request = await tell(joueurId, [event], { userId: banniPar, correlationId });
      const { added, result } = await inTransaction(pool, async (client) => {
        await lockBans(client, joueurId);
        const added = await addBan(client, { ...ban, banId });
        return { added, result: await appendNext(client, request) };
      });
      onAppended?.(request, result);
      return added;
    },

    async lift({ userId: joueurId, liftedBy: levePar, correlationId }) {
      const written = await inTransaction(pool, async (client) => {
        await lockBans(client, joueurId);
        const bans = await liftBans(client, joueurId, levePar);
        if (bans.length === 0) return undefined;
        const events = bans.map((banId) => lifted({ banId, joueurId, levePar }));
        const request = await tell(joueurId, events, { userId: levePar, correlationId });
        return { request, result: await appendNext(client, request) };
      });
      if (written !== undefined) onAppended?.(written.request, written.result);
      return written !== undefined;
    },
  };
}

/** To a stream on which nobody else can move now. */
async function appendNext(client: pg.ClientBase, request: AppendRequest): Promise<AppendResult> {
  const ids = request.streams.map(({ aggregateId }) => aggregateId);
  const { rows } = await client.query<{ version: number }>(
    "SELECT version FROM stream_heads WHERE aggregate_id = ANY ($1::uuid[])",
    [ids],
  );
  const expectedVersion = rows[0]?.version ?? 0;
  const streams = request.streams.map((stream) => ({ ...stream, expectedVersion }));
  const result = await appendWithin(client, { ...request, streams });
  if (!result.ok) throw new Error(`what tells of a ban was not written: ${result.reason}`);
  return result;
}
