import type { FastifyInstance, FastifyReply } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import { PART_TYPES, type PartType } from "../../domain/player/state.ts";
import type { CachedReads, WholeInventory } from "../../projections/cached-reads.ts";
import { cursorSchema, pageOf } from "../../projections/keyset.ts";
import {
  playerSequence,
  readEquipment,
  readInventory,
  readItems,
  readLevels,
  readQuests,
  readSkills,
  searchPlayers,
} from "../../projections/player-queries.ts";
import { isStorable } from "../../rooms/wire.ts";
import { isKnown, sendTagged } from "../etag.ts";
import { type Call, type Door, EVERYONE, idIn } from "../http.ts";
import { mayReadOwn } from "../visibility.ts";
import { page } from "./answers.ts";
import { equipment, inventory, levels, profile, publicPlayer, questsPage, skills } from "./player-answers.ts";

const limit = z.coerce.number().int().min(1).max(100).default(50);
const cursorOf = <Key>(key: z.ZodType<Key>) => cursorSchema(key, 500);
const instant = z.iso.datetime();
const PLAYER = ["players"];
const search = z.strictObject({
  search: z.string().max(50).default(""),
  after: cursorOf(z.tuple([z.string().max(100).refine(isStorable), z.uuid()])).optional(),
  limit,
});
const byNumber = z.strictObject({ after: cursorOf(z.int32()).optional(), limit });
const byId = z.strictObject({ after: cursorOf(z.uuid()).optional(), limit });
const quests = z.strictObject({
  etat: z.enum(["EN_COURS", "COMPLETE", "ECHOUEE", "ABANDONEE"]).optional(),
  after: cursorOf(z.tuple([instant, z.uuid()])).optional(),
  limit,
});

/** `GET /players?search=`, `GET /player/profile`, `GET /players/{id}`, and of one player, for itself and for operators: `/inventory`, `/equipment`, `/skills`, `/quests`, `/levels`. */
export function playerReads(api: FastifyInstance, door: Door, pool: Pick<pg.Pool, "query">, cached: CachedReads): void {
  api.get(
    "/players/:id",
    door.guarded(
      {
        does: "A player: what everybody may know of it, and for itself and operators all of it.",
        roles: EVERYONE,
        takes: z.strictObject({}),
        gives: z.union([profile, publicPlayer]),
        of: PLAYER,
        tagged: true,
      },
      async ({ who, minSequence, request, reply }) => {
        const joueurId = idIn(request, "id");
        if (joueurId === undefined) return door.problem(reply, refusal("BAD_REQUEST", "a player's id is a UUID"));
        const found = await cached.profile(joueurId, minSequence);
        if (found === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        reply.header("cache-control", "private, no-cache");
        if (mayReadOwn(who, joueurId)) return sendTagged(request, reply, found.sequence, found);
        const { pseudo, classe, niveau, titre, guildeNom } = found;
        return sendTagged(request, reply, found.sequence, { joueurId, pseudo, classe, niveau, titre, guildeNom }, "p");
      },
    ),
  );

  api.get(
    "/player/profile",
    door.guarded(
      {
        does: "The caller's own player.",
        roles: ["joueur"],
        takes: z.strictObject({}),
        gives: profile,
        of: PLAYER,
        tagged: true,
        refuses: ["NOT_FOUND"],
      },
      async ({ who, minSequence, request, reply }) => {
        const found = await cached.profile(who.userId, minSequence);
        if (found === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        reply.header("cache-control", "private, no-cache");
        return sendTagged(request, reply, found.sequence, found);
      },
    ),
  );

  api.get(
    "/players",
    door.guarded(
      {
        does: "Players whose pseudo begins so, whatever its case and accents.",
        roles: EVERYONE,
        takes: search,
        gives: page(publicPlayer),
        of: PLAYER,
      },
      async ({ body: { search: begin, after, limit }, reply }) => {
        const rows = await searchPlayers(pool, begin, { after, limit: limit + 1 });
        const { items, ...more } = pageOf(rows, limit, ({ key }) => key);
        return reply.send({ items: items.map(({ key: _key, ...one }) => one), ...more });
      },
    ),
  );

  /** A list of one player's own, tagged with how far those of its streams have been taken that the list is made of. */
  function own<Query>(
    path: string,
    does: string,
    query: z.ZodType<Query>,
    gives: z.ZodType,
    streams: readonly PartType[],
    read: (joueurId: string, query: Query) => Promise<object | undefined>,
  ): void {
    const handle = async ({ who, body, request, reply }: Call<Query>): Promise<FastifyReply> => {
      const joueurId = idIn(request, "id");
      if (joueurId === undefined) return door.problem(reply, refusal("BAD_REQUEST", "a player's id is a UUID"));
      if (!mayReadOwn(who, joueurId)) return door.problem(reply, refusal("FORBIDDEN"));
      const sequence = await playerSequence(pool, joueurId, streams);
      if (sequence === undefined) return door.problem(reply, refusal("NOT_FOUND"));
      reply.header("cache-control", "private, no-cache");
      if (isKnown(request, reply, sequence)) return reply.code(304).send();
      const found = await read(joueurId, body);
      return found === undefined ? door.problem(reply, refusal("NOT_FOUND")) : reply.send({ joueurId, ...found });
    };
    api.get(
      `/players/:id/${path}`,
      door.guarded({ does, roles: ["joueur", "admin"], takes: query, gives, of: PLAYER, tagged: true }, handle),
    );
  }

  api.get(
    "/players/:id/inventory",
    door.guarded(
      {
        does: "What a player carries, by place.",
        roles: ["joueur", "admin"],
        takes: byNumber,
        gives: inventory,
        of: PLAYER,
        tagged: true,
      },
      async ({ who, minSequence, body: { after = -1, limit }, request, reply }) => {
        const joueurId = idIn(request, "id");
        if (joueurId === undefined) return door.problem(reply, refusal("BAD_REQUEST", "a player's id is a UUID"));
        if (!mayReadOwn(who, joueurId)) return door.problem(reply, refusal("FORBIDDEN"));
        const page = { after, limit: limit + 1 };
        const found = await (cached.inventory === undefined
          ? readPage(pool, joueurId, page)
          : cached.inventory(joueurId, minSequence));
        if (found === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        reply.header("cache-control", "private, no-cache");
        if (isKnown(request, reply, found.sequence)) return reply.code(304).send();
        const rest = found.items.filter(({ position }) => position > after).slice(0, page.limit);
        return reply.send({ joueurId, ...found.inventory, ...pageOf(rest, limit, ({ position }) => position) });
      },
    ),
  );

  own(
    "equipment",
    "What a player wears, and what it comes to.",
    z.strictObject({}),
    equipment,
    ["Inventaire", "Equipement"],
    (joueurId) => readEquipment(pool, joueurId),
  );

  own("skills", "What a player has learnt.", byId, skills, ["Competence"], async (joueurId, { after, limit }) =>
    pageOf(await readSkills(pool, joueurId, { after, limit: limit + 1 }), limit, (one) => one.competenceId),
  );

  own(
    "quests",
    "A player's quests, the newest first.",
    quests,
    questsPage,
    ["Quete"],
    async (joueurId, { etat, after, limit }) =>
      pageOf(await readQuests(pool, joueurId, etat, { after, limit: limit + 1 }), limit, (one) => [
        one.accepteeA,
        one.queteJoueurId,
      ]),
  );

  own(
    "levels",
    "When a player came to each of its levels, the highest first.",
    byNumber,
    levels,
    ["Joueur"],
    async (joueurId, { after, limit }) =>
      pageOf(await readLevels(pool, joueurId, { after, limit: limit + 1 }), limit, (one) => one.niveau),
  );
}

async function readPage(
  pool: Pick<pg.Pool, "query">,
  joueurId: string,
  page: { readonly after: number; readonly limit: number },
): Promise<WholeInventory | undefined> {
  const sequence = await playerSequence(pool, joueurId, PART_TYPES);
  const inventory = sequence === undefined ? undefined : await readInventory(pool, joueurId);
  if (sequence === undefined || inventory === undefined) return undefined;
  return { inventory, items: await readItems(pool, inventory.inventaireId, page), sequence };
}
