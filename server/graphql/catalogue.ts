import { z } from "zod";
import { type CatalogueEntry, type CatalogueTable, listCatalogue } from "../../projections/catalogue-queries.ts";
import { isStorable } from "../../rooms/wire.ts";
import { type Builder, connectionOf, connectionType, idOf, listCost, placeOf, plain, refuse } from "./builder.ts";

export type CatalogueTypes = ReturnType<typeof catalogueTypes>;

const key = z.tuple([z.string().max(200).refine(isStorable), z.uuid()]);

export function catalogueTypes(builder: Builder) {
  /** A definition: its name and kind, and all of it as JSON. */
  function entryType(name: string, type: string) {
    const entry = builder.objectRef<CatalogueEntry>(name);
    return entry.implement({
      fields: (t) => ({
        ...plain(t, { id: "ID!", retire: "Boolean!", sequence: "Float!", definition: "JSON!" }),
        nom: t.string({ resolve: ({ definition }) => String(definition["nom"]) }),
        [type]: t.string({ resolve: ({ definition }) => String(definition[type]) }),
        niveauRequis: t.int({ resolve: ({ definition }) => Number(definition["niveauRequis"] ?? 1) }),
      }),
    });
  }
  const item = entryType("Item", "typeItem");
  const competence = entryType("Competence", "typeCompetence");
  const quete = entryType("Quete", "typeQuete");

  function reads(
    one: string,
    several: string,
    type: typeof item,
    table: CatalogueTable,
    filters: Readonly<Record<string, "string" | "boolean">>,
  ): void {
    const connection = connectionType(builder, several[0]?.toUpperCase() + several.slice(1), type as never);
    builder.queryFields((t) => ({
      [one]: t.field({
        type,
        args: { id: t.arg.id({ required: true }) },
        resolve: (_, { id }, { load }) => load[table].load(idOf(id)),
      }),
      [several]: t.field({
        type: connection,
        nullable: false,
        description: "By name.",
        args: {
          first: t.arg.int(),
          after: t.arg.string(),
          niveauMax: t.arg.int(),
          search: t.arg.string(),
          retire: t.arg.boolean(),
          ...Object.fromEntries(
            Object.entries(filters).map(([name, kind]) => [name, kind === "string" ? t.arg.string() : t.arg.boolean()]),
          ),
        },
        complexity: listCost,
        async resolve(_, given: Readonly<Record<string, unknown>>, { readModels }) {
          const { first, after, ...rest } = given as { first?: number; after?: string };
          const place = placeOf({ first, after }, key);
          const filter = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
          if (!isStorable(filter)) throw refuse("BAD_REQUEST");
          const page = await listCatalogue(
            readModels,
            table,
            { retire: false, ...filter },
            { after: place.after, limit: place.limit },
          );
          return connectionOf(page, ({ definition, id }) => [definition["nom"], id], { after });
        },
      }),
    }));
  }
  reads("item", "items", item, "items", { typeItem: "string", rarete: "string", echangeable: "boolean" });
  reads("skill", "skills", competence, "competences", { typeCompetence: "string", element: "string" });
  reads("quest", "quests", quete, "quetes", { typeQuete: "string", zoneDepart: "string", repete: "boolean" });
  return { item, competence, quete };
}
