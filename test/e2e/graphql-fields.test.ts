import { type GraphQLObjectType, getNamedType, isObjectType } from "graphql";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CombatCommandMessage } from "../../client/combat.ts";
import { ITEM, QUEST, SKILL, ZONE } from "../../domain/catalogue/demo/ids.ts";
import type { Principal } from "../../rooms/principal.ts";
import { createSchema } from "../../server/graphql/schema.ts";
import { type Adventurer, arrive, call, give, sagasDone } from "../support/adventure.ts";
import { isTurnOf, joinAs, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const database = useDatabase();
const server = useServerProcess(database, { ...FAST, DEMO_WORLD: "true" });
type Json = Record<string, unknown>;

const schema = createSchema();
let alix: Adventurer;
let bruno: Adventurer;
let ended: string;
let running: string;

async function post(path: string, role: Principal["role"], body: Json, userId?: string): Promise<Json> {
  const answer = await call(server.apiUrl, path, role, { method: "POST", body, ...(userId && { userId }) });
  expect([path, answer.status, answer.body]).toEqual([path, answer.status < 300 ? answer.status : 200, answer.body]);
  return answer.body;
}

beforeAll(async () => {
  [alix, bruno] = [await arrive(server.gameUrl, "GUERRIER"), await arrive(server.gameUrl, "MAGE", "Bruno")];
  for (const { session } of [alix, bruno]) await session.until((s) => Object.keys(s.slots).length > 3);
  await alix.does({ type: "EquiperItem", slotId: alix.slotOf(ITEM.epeeEbrechee) });
  await alix.does({ type: "AccepterQuete", queteId: QUEST.bienvenue });
  await alix.does({ type: "ApprendreCompetence", competenceId: SKILL.tailleFranche });
  for (const { id } of [alix, bruno]) {
    await give(server.apiUrl, id, { type: "ModifierOr", delta: 10_000, raison: "CADEAU", reference: "t" });
    await give(server.apiUrl, id, { type: "RejoindreGuilde", guildeId: "lucioles", nom: "Les Lucioles" });
    await give(server.apiUrl, id, { type: "GagnerExperience", montant: 5_000, source: "QUETE", reference: "t" });
  }
  const expireA = new Date(Date.now() + 3_600_000).toISOString();
  const sale = { itemId: ITEM.potionDeSoin, quantite: 1, prixUnitaire: 5 };
  await post("/market/sell", "joueur", sale, alix.id);
  await post("/market/buy", "joueur", sale, bruno.id);
  await post("/market/sell", "joueur", { ...sale, prixUnitaire: 9, expireA }, alix.id);
  await post("/market/buy", "joueur", { ...sale, prixUnitaire: 1 }, bruno.id);
  ended = await duel();
  const fight = await startFight(server.apiUrl);
  running = fight.combatId;
  for (const id of [fight.alix, fight.bruno]) await (await joinAs(server.gameUrl, running, id)).leave();
  const evenementId = crypto.randomUUID();
  const definition = {
    ...{ type: "RECOLTE", nom: "Moisson", objectif: 10, dureeMs: 100_000 },
    zoneId: ZONE.champsAuxLucioles,
  };
  await post("/world/commands", "admin", { type: "DeclencherEvenement", evenementId, definition });
  await post("/world/commands", "admin", { type: "AnnulerEvenement", evenementId, raison: "la pluie" });
  // Who comes again was there before.
  await alix.session.leave();
  const again = await alix.client.joinPlayer();
  await again.leave();
  await sagasDone(server.apiUrl);
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query("SELECT refresh_view('vue_leaderboard_global'), refresh_view('vue_leaderboard_guildes')");
  await client.end();
}, 60_000);

/** Alix uses a skill and a thing before Bruno gives up. */
async function duel(): Promise<string> {
  const participants = [alix, bruno].map(({ id }, i) => ({
    ...{ entiteId: id, typeEntite: "JOUEUR", equipe: `${i}`, position: 5 + i },
  }));
  const definition = { typeCombat: "ARENE", zone: { zoneId: ZONE.bourgClochette, nom: "Bourg" }, dureeTourMs: 600_000 };
  const begun = await post("/combat/start", "service", { ...definition, participants });
  const id = String(begun["combatId"]);
  const [own, other] = [await alix.client.joinCombat(id), await bruno.client.joinCombat(id)];
  const turn = async (act: (cibles: readonly [string, string]) => CombatCommandMessage): Promise<void> => {
    for (;;) {
      const state = await own.until((s) => isTurnOf(s, alix.id) || isTurnOf(s, bruno.id));
      if (isTurnOf(state, bruno.id)) {
        await other.until((s) => s.version >= state.version);
        await other.command({ type: "ExecuterAction", typeAction: "DEFENSE" });
        await own.until((s) => s.version > state.version);
        continue;
      }
      const me = state.participantActifId;
      const foe = Object.keys(state.participants).find((one) => one !== me) ?? "";
      expect(await own.command(act([me, foe]))).toMatchObject({ ok: true });
      await own.until((s) => s.version > state.version);
      return;
    }
  };
  const act = { type: "ExecuterAction" } as const;
  const competenceId = SKILL.tailleFranche;
  await turn(([, foe]) => ({ ...act, typeAction: "COMPETENCE", competenceId, cibles: [foe] }));
  await turn(([me]) => ({ ...act, typeAction: "OBJET", itemId: ITEM.potionDeSoin, cibles: [me] }));
  await other.command({ type: "Conceder" });
  await Promise.all([own.leave(), other.leave()]);
  return id;
}

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
