import type { FastifyInstance, FastifyReply } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { PartType } from "../../domain/player/state.ts";
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
import { isKnown } from "../etag.ts";
import { type Call, type Door, EVERYONE, idIn } from "../http.ts";

const limit = z.coerce.number().int().min(1).max(100).default(50);
const cursorOf = <Key>(key: z.ZodType<Key>) => cursorSchema(key, 500);
const instant = z.iso.datetime();
const search = z.strictObject({
  search: z.string().max(50).default(""),
  after: cursorOf(z.tuple([z.string().max(100), z.uuid()])).optional(),
  limit,
});
const byNumber = z.strictObject({ after: cursorOf(z.int32()).optional(), limit });
const byId = z.strictObject({ after: cursorOf(z.uuid()).optional(), limit });
const quests = z.strictObject({
  etat: z.enum(["EN_COURS", "COMPLETE", "ECHOUEE", "ABANDONEE"]).optional(),
  after: cursorOf(z.tuple([instant, z.uuid()])).optional(),
  limit,
});

/** `GET /players?search=`, and of one player, for itself and for operators: `/inventory`, `/equipment`, `/skills`, `/quests`, `/levels`. */
export function playerReads(api: FastifyInstance, door: Door, pool: pg.Pool): void {
  api.get(
    "/players",
    door.guarded(EVERYONE, search, async ({ body: { search: begin, after, limit }, reply }) => {
      const rows = await searchPlayers(pool, begin, { after, limit: limit + 1 });
      const { items, ...more } = pageOf(rows, limit, ({ key }) => key);
      return reply.send({ items: items.map(({ key: _key, ...one }) => one), ...more });
    }),
  );

  /** A list of one player's own, tagged with how far those of its streams have been taken that the list is made of. */
  function own<Query>(
    path: string,
    query: z.ZodType<Query>,
    streams: readonly PartType[],
    read: (joueurId: string, query: Query) => Promise<object | undefined>,
  ): void {
    const handle = async ({ who, body, request, reply }: Call<Query>): Promise<FastifyReply> => {
      const joueurId = idIn(request, "id");
      if (joueurId === undefined) return door.problem(reply, refusal("BAD_REQUEST", "a player's id is a UUID"));
      if (who.role === "joueur" && who.userId !== joueurId) return door.problem(reply, refusal("FORBIDDEN"));
      const sequence = await playerSequence(pool, joueurId, streams);
      if (sequence === undefined) return door.problem(reply, refusal("NOT_FOUND"));
      reply.header("cache-control", "private, no-cache");
      if (isKnown(request, reply, sequence)) return reply.code(304).send();
      const found = await read(joueurId, body);
      return found === undefined ? door.problem(reply, refusal("NOT_FOUND")) : reply.send({ joueurId, ...found });
    };
    api.get(`/players/:id/${path}`, door.guarded(["joueur", "admin"], query, handle));
  }

  own("inventory", byNumber, ["Inventaire"], async (joueurId, { after, limit }) => {
    const inventory = await readInventory(pool, joueurId);
    if (inventory === undefined) return undefined;
    const items = await readItems(pool, inventory.inventaireId, { after, limit: limit + 1 });
    return { ...inventory, ...pageOf(items, limit, ({ position }) => position) };
  });

  own("equipment", z.strictObject({}), ["Inventaire", "Equipement"], (joueurId) => readEquipment(pool, joueurId));

  own("skills", byId, ["Competence"], async (joueurId, { after, limit }) =>
    pageOf(await readSkills(pool, joueurId, { after, limit: limit + 1 }), limit, (one) => one.competenceId),
  );

  own("quests", quests, ["Quete"], async (joueurId, { etat, after, limit }) =>
    pageOf(await readQuests(pool, joueurId, etat, { after, limit: limit + 1 }), limit, (one) => [
      one.accepteeA,
      one.queteJoueurId,
    ]),
  );

  own("levels", byNumber, ["Joueur"], async (joueurId, { after, limit }) =>
    pageOf(await readLevels(pool, joueurId, { after, limit: limit + 1 }), limit, (one) => one.niveau),
  );
}
