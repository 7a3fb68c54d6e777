import type { GraphQLSchema } from "graphql";
import { createBuilder } from "./builder.ts";
import { catalogueTypes } from "./catalogue.ts";
import { combatTypes } from "./combats.ts";
import { economyTypes } from "./economy.ts";
import { playerTypes } from "./players.ts";
import { subscriptionTypes } from "./subscriptions.ts";
import { worldTypes } from "./world.ts";

/** Every read model, and what happens live. Fields are French where they are the domain's, as everything public. */
export function createSchema(): GraphQLSchema {
  const builder = createBuilder();
  builder.queryType({});
  const catalogue = catalogueTypes(builder);
  const players = playerTypes(builder, catalogue);
  combatTypes(builder, players, catalogue);
  const economy = economyTypes(builder, catalogue);
  worldTypes(builder);
  subscriptionTypes(builder, economy);
  return builder.toSchema();
}
