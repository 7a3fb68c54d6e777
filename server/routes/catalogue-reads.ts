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
import { count, id, page } from "./answers.ts";

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
  readonly of: readonly string[];
  readonly definition: z.ZodObject;
}

const KINDS: readonly Kind[] = [
  { path: "items", table: "items", key: "itemId", of: ["economy"], definition: itemDefinition },
  { path: "skills", table: "competences", key: "competenceId", of: ["skills"], definition: competenceDefinition },
  { path: "quests", table: "quetes", key: "queteId", of: ["quests"], definition: queteDefinition },
];

/**
 * `GET /items?typeItem=&rarete=&niveauMax=&echangeable=&search=`, `/skills?typeCompetence=&element=…`,
 * `/quests?typeQuete=&zoneDepart=&repete=…`, by pages in the order of names, and each of them by its id.
 */
export function catalogueReads(api: FastifyInstance, door: Door, pool: Pick<pg.Pool, "query">): void {
  for (const { path, table, key, of, definition } of KINDS) {
    const entry = z.strictObject({ [key]: id, retire: z.boolean(), sequence: count, ...definition.shape });
    const shown = ({ id, retire, sequence, definition }: CatalogueEntry) => ({
      [key]: id,
      retire,
      sequence,
      ...definition,
    });

    api.get(
      `/${path}`,
      door.guarded(
        { does: `The catalogue's ${path}, by name.`, roles: EVERYONE, takes: QUERIES[path], gives: page(entry), of },
        async ({ body: { after, limit, ...filter }, reply }) => {
          const { items, ...next } = await listCatalogue(pool, table, filter, { after, limit });
          return reply.send({ items: items.map(shown), ...next });
        },
      ),
    );

    api.get(
      `/${path}/:id`,
      door.guarded(
        {
          does: `One of the catalogue's ${path}.`,
          roles: EVERYONE,
          takes: z.strictObject({}),
          gives: entry,
          of,
          tagged: true,
        },
        async ({ request, reply }) => {
          const named = idIn(request, "id");
          const found = named === undefined ? undefined : await readCatalogue(pool, table, named);
          if (found === undefined) return door.problem(reply, refusal("NOT_FOUND"));
          return sendTagged(request, reply, found.sequence, shown(found));
        },
      ),
    );
  }
}
