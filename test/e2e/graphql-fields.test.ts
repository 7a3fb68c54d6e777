import { type GraphQLObjectType, getNamedType, isObjectType } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ITEM, QUEST, SKILL } from "../../domain/catalogue/demo/ids.ts";
import { createSchema } from "../../server/graphql/schema.ts";
import { type Adventurer, call } from "../support/adventure.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { tellStory } from "../support/story.ts";

const database = useDatabase();
const server = useServerProcess(database, { ...FAST, DEMO_WORLD: "true" });
type Json = Record<string, unknown>;

const schema = createSchema();
let alix: Adventurer;
let bruno: Adventurer;
let ended: string;
let running: string;

beforeAll(async () => {
  ({ alix, bruno, ended, running } = await tellStory(server, database));
});

afterAll(() => bruno.session.leave());

/** Types that are asked for by queries of their own, where all of their fields are. */
const ASKED_FOR = ["Combat", "Joueur", "Item", "Competence", "Quete"];

function every(type: GraphQLObjectType): string {
  const fields = Object.values(type.getFields()).map(({ name, type: of }) => {
    const named = getNamedType(of);
    if (!isObjectType(named)) return name;
    return `${name} ${ASKED_FOR.includes(named.name) ? "{ __typename }" : every(named)}`;
  });
  return `{ ${fields.join(" ")} }`;
}

/** Notes each field of which there is a value. */
function note(seen: Set<string>, type: GraphQLObjectType, value: unknown): void {
  if (Array.isArray(value)) for (const one of value) note(seen, type, one);
  else if (typeof value === "object" && value !== null)
    for (const [name, one] of Object.entries(value)) {
      const field = type.getFields()[name];
      if (field === undefined || one === null) continue;
      seen.add(`${type.name}.${name}`);
      const named = getNamedType(field.type);
      if (isObjectType(named)) note(seen, named, one);
    }
}

/** What never comes about in this story. */
const NEVER = [
  "CompetenceApprise.dernierUsage",
  "CompetenceApprise.echeance",
  "Joueur.titre",
  "QueteSuivie.completeeA",
  "QueteSuivie.expireA",
];

test("[GQL-1] every field of every type has a value where there is one", async () => {
  const queries = schema.getQueryType();
  if (queries === undefined || queries === null) throw new Error("there are no queries");
  const own: Json = { joueurId: alix.id, itemId: ITEM.potionDeSoin, board: "level" };
  const ids: Json = { item: ITEM.potionDeSoin, skill: SKILL.tailleFranche, quest: QUEST.bienvenue };
  const seen = new Set<string>();
  const asked = Object.values(queries.getFields()).flatMap((query) =>
    query.name === "combat"
      ? [running, ended].map((combatId) => ({ ...query, combatId }))
      : [{ ...query, combatId: "" }],
  );
  for (const { name, args, type, combatId } of asked) {
    own["combatId"] = combatId;
    const named = getNamedType(type);
    if (!isObjectType(named)) throw new Error(`${name} is no object`);
    const given = args
      .filter((arg) => arg.name in own || (arg.name === "id" && name in ids))
      .map((arg) => `${arg.name}: "${own[arg.name] ?? ids[name]}"`);
    if (name === "combats") given.push('etat: "TERMINE"');
    if (name === "orders") given.splice(0);
    const query = `{ ${name} ${given.length === 0 ? "" : `(${given.join(", ")})`} ${every(named)} }`;
    const role = ["me", "orders"].includes(name) ? "joueur" : "admin";
    const answer = await call(server.apiUrl, "/graphql", role, { method: "POST", body: { query }, userId: alix.id });
    expect([name, answer.body["errors"]]).toEqual([name, undefined]);
    note(seen, queries, answer.body["data"]);
  }
  const missing = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .filter(({ name }) => !name.startsWith("__") && name !== "Subscription" && name !== "Evenement")
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`))
    .filter((field) => !seen.has(field));
  expect(missing).toEqual(NEVER);
});
