import type { FastifyInstance } from "fastify";
import type pg from "pg";
import { z } from "zod";
import { competenceDefinition, itemDefinition, queteDefinition } from "../../domain/catalogue/definitions.ts";
import { refusal } from "../../domain/codes.ts";
import {
  type CatalogueEntry,
  type CatalogueTable,
  listCatalogue,
  readCatalogue,
} from "../../projections/catalogue-queries.ts";
import { cursorSchema } from "../../projections/keyset.ts";
import { isStorable, wireId } from "../../rooms/wire.ts";
import { sendTagged } from "../etag.ts";
import { type Door, EVERYONE, idIn } from "../http.ts";

const flag = z.enum(["true", "false"]).transform((text) => text === "true");

const common = z.strictObject({
  niveauMax: z.coerce.number().int().min(0).max(1_000_000).optional(),
  search: z.string().min(1).max(100).optional(),
  retire: flag.default(false),
  after: cursorSchema(z.tuple([z.string().max(200).refine(isStorable), wireId])).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

const QUERIES = {
  items: common.extend({
    typeItem: itemDefinition.shape.typeItem.optional(),
    rarete: itemDefinition.shape.rarete.unwrap().optional(),
    echangeable: flag.optional(),
  }),
  skills: common.extend({
    typeCompetence: competenceDefinition.shape.typeCompetence.optional(),
    element: competenceDefinition.shape.element.unwrap().optional(),
  }),
  quests: common.extend({
    typeQuete: queteDefinition.shape.typeQuete.optional(),
    zoneDepart: z.string().min(1).max(100).optional(),
    repete: flag.optional(),
  }),
} as const;

interface Kind {
  readonly path: keyof typeof QUERIES;
  readonly table: CatalogueTable;
  readonly key: string;
}

const KINDS: readonly Kind[] = [
  { path: "items", table: "items", key: "itemId" },
  { path: "skills", table: "competences", key: "competenceId" },
  { path: "quests", table: "quetes", key: "queteId" },
];

/**
 * `GET /catalogue/items?typeItem=&rarete=&niveauMax=&echangeable=&search=`, `/catalogue/skills?typeCompetence=&element=…`,
 * `/catalogue/quests?typeQuete=&zoneDepart=&repete=…`, by pages in the order of names, and each of them by its id.
 */
export function catalogueReads(api: FastifyInstance, door: Door, pool: pg.Pool): void {
  for (const { path, table, key } of KINDS) {
    const shown = ({ id, retire, sequence, definition }: CatalogueEntry) => ({
      [key]: id,
      retire,
      sequence,
      ...definition,
    });

    api.get(
      `/catalogue/${path}`,
      door.guarded(EVERYONE, QUERIES[path], async ({ body: { after, limit, ...filter }, reply }) => {
        const { items, ...next } = await listCatalogue(pool, table, filter, { after, limit });
        return reply.send({ items: items.map(shown), ...next });
      }),
    );

    api.get(
      `/catalogue/${path}/:id`,
      door.guarded(EVERYONE, z.object({}), async ({ request, reply }) => {
        const id = idIn(request, "id");
        const found = id === undefined ? undefined : await readCatalogue(pool, table, id);
        if (found === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        return sendTagged(request, reply, found.sequence, shown(found));
      }),
    );
  }
}
