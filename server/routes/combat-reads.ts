import type { FastifyInstance, FastifyReply } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { type CombatHead, combatHeads } from "../../projections/combat-access.ts";
import {
  type HistoryPlace,
  type HistoryQuery,
  listCombats,
  type Page,
  readActions,
  readCombat,
  readHistory,
  readStatistics,
} from "../../projections/combat-queries.ts";
import { wireId } from "../../rooms/wire.ts";
import { isKnown, sendTagged } from "../etag.ts";
import { type Call, type Door, EVERYONE, idIn } from "../http.ts";
import { COMBAT_VIEWERS, mayLookInto, viewerOf } from "../visibility.ts";
import { page } from "./answers.ts";
import { act, details, figures, line, summary } from "./combat-answers.ts";

const limit = z.coerce.number().int().min(1).max(500).default(100);

const list = z.strictObject({
  etat: z.enum(["PREPARATION", "EN_COURS", "TERMINE", "ABANDONNE"]).default("EN_COURS"),
  zone: wireId.optional(),
  after: wireId.optional(),
  limit,
});

/** A place as it goes over the wire: the turn and the sequence. */
const placeKey = z
  .string()
  .regex(/^\d{1,9}\.\d{1,15}$/, "not a page's `next`")
  .transform((text): HistoryPlace => {
    const [numeroTour = 0, sequence = 0] = text.split(".").map(Number);
    return { numeroTour, sequence };
  });
const place = z.strictObject({ after: placeKey.optional(), limit });
const nothing = z.strictObject({});
const COMBAT = ["combat"];

const NO_COMBAT = refusal("NOT_FOUND", "there is no such combat");
const NOT_YOURS = refusal("FORBIDDEN", "this combat is not the player's");

/** `GET /combats`, `GET /combat/{id}`, `/history`, `/actions`, and `GET /players/{id}/statistics`: from the read models. */
export function combatReads(api: FastifyInstance, door: Door, pool: Pick<pg.Pool, "query">, delayMs: number): void {
  /** The combat of the call, if it may be looked into; undefined: the call has been answered. */
  async function lookedInto({
    who,
    request,
    reply,
  }: Pick<Call<unknown>, "who" | "request" | "reply">): Promise<
    { readonly combatId: string; readonly head: CombatHead } | undefined
  > {
    const combatId = idIn(request, "id");
    const heads = combatId === undefined ? undefined : await combatHeads(pool, [combatId], viewerOf(who, delayMs));
    const head = combatId === undefined ? undefined : heads?.get(combatId);
    if (combatId === undefined || head === undefined) door.problem(reply, NO_COMBAT);
    else if (!mayLookInto(who, head)) door.problem(reply, NOT_YOURS);
    else return { combatId, head };
    return undefined;
  }

  api.get(
    "/combats",
    door.guarded(
      {
        does: "Combats of a state, in the order of their ids.",
        roles: EVERYONE,
        takes: list,
        gives: page(summary),
        of: COMBAT,
      },
      async ({ who, body, reply }) => reply.send(await listCombats(pool, { ...body, viewer: viewerOf(who, delayMs) })),
    ),
  );

  api.get(
    "/combat/:id",
    door.guarded(
      {
        does: "A combat with everyone in it.",
        roles: COMBAT_VIEWERS,
        takes: nothing,
        gives: details,
        of: COMBAT,
        tagged: true,
      },
      async (call) => {
        const found = await lookedInto(call);
        if (found === undefined) return call.reply as FastifyReply;
        const combat = await readCombat(pool, found.combatId);
        if (combat === undefined) return door.problem(call.reply, NO_COMBAT);
        return sendTagged(call.request, call.reply, combat.sequence, combat);
      },
    ),
  );

  async function pageOf<Item>(
    call: Call<z.infer<typeof place>>,
    read: (query: HistoryQuery) => Promise<Page<Item, HistoryPlace>>,
  ): Promise<FastifyReply> {
    const { body, request, reply } = call;
    const found = await lookedInto(call);
    if (found === undefined) return reply as FastifyReply;
    const { combatId, head } = found;
    if (isKnown(request, reply, head.sequence)) return reply.code(304).send();
    const { items, next } = await read({ combatId, ...body });
    return reply.send({ items, ...(next !== undefined && { next: `${next.numeroTour}.${next.sequence}` }) });
  }

  api.get(
    "/combat/:id/history",
    door.guarded(
      {
        does: "What happened in a combat, oldest first.",
        roles: COMBAT_VIEWERS,
        takes: place,
        gives: page(line),
        of: COMBAT,
        tagged: true,
      },
      (call) => pageOf(call, (query) => readHistory(pool, query)),
    ),
  );
  api.get(
    "/combat/:id/actions",
    door.guarded(
      {
        does: "What was done in a combat, oldest first.",
        roles: COMBAT_VIEWERS,
        takes: place,
        gives: page(act),
        of: COMBAT,
        tagged: true,
      },
      (call) => pageOf(call, (query) => readActions(pool, query)),
    ),
  );

  api.get(
    "/players/:id/statistics",
    door.guarded(
      {
        does: "A player's figures over all its combats.",
        roles: EVERYONE,
        takes: nothing,
        gives: figures,
        of: COMBAT,
        tagged: true,
      },
      async ({ request, reply }) => {
        const id = idIn(request, "id");
        if (id === undefined) return door.problem(reply, refusal("BAD_REQUEST", "a player's id is a UUID"));
        const { sequence, ...figures } = await readStatistics(pool, id);
        return sendTagged(request, reply, sequence, figures);
      },
    ),
  );
}
