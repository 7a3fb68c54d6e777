import { z } from "zod";
import { FACTS, type Fact, listFacts, type WorldRow } from "../../projections/world-queries.ts";
import { type Builder, choice, connectionOf, connectionType, listCost, placeOf, plain } from "./builder.ts";

export function worldTypes(builder: Builder): void {
  const monde = builder.objectRef<WorldRow>("Monde").implement({
    fields: (t) =>
      plain(t, {
        cycleJourNuit: "Int!",
        saison: "String!",
        jourSaison: "Int!",
        evenementsActifs: "JSON!",
        bossVaincus: "JSON!",
        zonesDecouvertes: "JSON!",
        ressourcesMondiales: "JSON!",
        facteursEconomiques: "JSON!",
        classements: "JSON!",
        derniereMiseAJourCycle: "String!",
        sequence: "Float!",
      }),
  });
  const fact = builder.objectRef<Fact>("Fait").implement({
    fields: (t) =>
      plain(t, {
        typeFait: "String!",
        referenceId: "ID!",
        nom: "String!",
        zoneId: "ID",
        survenuA: "String!",
        details: "JSON!",
        sequence: "Float!",
      }),
  });
  const facts = connectionType(builder, "Fait", fact as never);
  builder.queryFields((t) => ({
    world: t.field({ type: monde, resolve: (_, __, { cached }) => cached.world() }),
    worldHistory: t.field({
      type: facts,
      nullable: false,
      description: "Defeats of bosses and events that ended, the newest first.",
      args: { type: t.arg.string(), first: t.arg.int(), after: t.arg.string() },
      complexity: listCost,
      async resolve(_, { type, ...args }, { readModels }) {
        const { limit, after } = placeOf(args, z.tuple([z.int().min(0)]));
        const page = await listFacts(readModels, choice("type", FACTS, type), { after, limit });
        return connectionOf(page, ({ sequence }) => [sequence], args);
      },
    }),
  }));
}
