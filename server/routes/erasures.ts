import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { player } from "../../domain/player/player.ts";
import { streamsOf } from "../../rooms/streams.ts";
import type { Erasure } from "../../store/erasures.ts";
import type { EventStore } from "../../store/event-store.ts";
import { type Kept, KINDS_KEPT, type Kind } from "../../store/kept.ts";
import { bansId } from "../../store/uuid.ts";
import type { Erasures } from "../erasures.ts";
import { type Call, correlationOf, type Door, idIn } from "../http.ts";
import { at, count, id, json } from "./answers.ts";

export interface ErasureRouteServices {
  readonly erasures: Pick<Erasures, "request" | "find">;
  /** Its reads are taken from the connections for reads. */
  readonly store: Pick<EventStore, "highWaterMark" | "readTopic">;
  kept(joueurId: string): Promise<Kept | undefined>;
}

const erasure = z.strictObject({
  joueurId: id,
  requestedBy: id,
  requestedAt: at,
  finishedAt: at.nullable().meta({ description: "null: under way; done by itself, whichever node ends" }),
});

const rows = z.array(json);
const exported = z.strictObject({
  joueurId: id,
  ...(Object.fromEntries(KINDS_KEPT.map((kind) => [kind, rows])) as Record<Kind, typeof rows>),
  incomplets: z.array(z.enum(KINDS_KEPT as [string, ...string[]])).meta({
    description: "of which there are more rows than these",
  }),
  evenements: z.array(json),
  next: count.optional().meta({ description: "`after` of the next events" }),
});

const query = z.strictObject({
  after: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
});

const NO_ID = refusal("BAD_REQUEST", "a player's id is a UUID");
const NOBODY = refusal("NOT_FOUND", "there is no such player");

function shown({ joueurId, requestedBy, requestedAt, finishedAt }: Erasure) {
  return { joueurId, requestedBy, requestedAt, finishedAt };
}

/** Erasing players, and telling them all that is kept of them. */
export function erasureRoutes(api: FastifyInstance, door: Door, services: ErasureRouteServices): void {
  const { erasures, store, kept } = services;

  api.post(
    "/admin/players/:id/forget",
    door.guarded(
      {
        does: "Erases a player for ever: account, key and name. Asked again, it tells how far it is.",
        roles: ["admin"],
        takes: z.strictObject({}),
        gives: erasure,
        status: 202,
        refuses: ["NOT_FOUND"],
      },
      async ({ who, request, reply }) => {
        const joueurId = idIn(request, "id");
        if (joueurId === undefined) return door.problem(reply, NO_ID);
        const order = { joueurId, requestedBy: who.userId, correlationId: correlationOf(request) };
        const begun = await erasures.request(order);
        return begun === undefined ? door.problem(reply, NOBODY) : reply.code(202).send(shown(begun));
      },
    ),
  );

  api.get(
    "/admin/players/:id/forget",
    door.guarded(
      {
        does: "How far a player's erasure is.",
        roles: ["admin"],
        takes: z.strictObject({}),
        gives: erasure,
        refuses: ["NOT_FOUND"],
      },
      async ({ request, reply }) => {
        const joueurId = idIn(request, "id");
        if (joueurId === undefined) return door.problem(reply, NO_ID);
        const found = await erasures.find(joueurId);
        return found === undefined
          ? door.problem(reply, refusal("NOT_FOUND", "nobody asked for that"))
          : reply.send(shown(found));
      },
    ),
  );

  async function tell(reply: FastifyReply, joueurId: string, { after, limit }: z.output<typeof query>) {
    const upTo = await store.highWaterMark();
    const aggregateIds = [...streamsOf(player, joueurId).map(({ aggregateId }) => aggregateId), bansId(joueurId)];
    const [rest, evenements] = await Promise.all([
      kept(joueurId),
      store.readTopic({ aggregateIds }, after, upTo, { limit }),
    ]);
    if (rest === undefined && evenements.length === 0) return door.problem(reply, NOBODY);
    const last = evenements.length < limit ? undefined : evenements.at(-1)?.sequence;
    return reply.send({ joueurId, ...rest, evenements, ...(last === undefined ? {} : { next: last }) });
  }

  api.get(
    "/admin/players/:id/export",
    door.guarded(
      {
        does: "All that is kept of a player: rows, and their events page by page.",
        roles: ["admin"],
        takes: query,
        gives: exported,
        refuses: ["NOT_FOUND"],
      },
      async ({ body, request, reply }: Call<z.output<typeof query>, typeof exported>) => {
        const joueurId = idIn(request, "id");
        if (joueurId === undefined) return door.problem(reply, NO_ID);
        return tell(reply, joueurId, body);
      },
    ),
  );

  api.get(
    "/player/export",
    door.guarded(
      {
        does: "All that is kept of the caller: rows, and their events page by page.",
        roles: ["joueur"],
        takes: query,
        gives: exported,
        refuses: ["NOT_FOUND"],
      },
      async ({ who, body, reply }) => tell(reply, who.userId, body),
    ),
  );
}
