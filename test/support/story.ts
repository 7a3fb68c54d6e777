import { expect } from "vitest";
import type { CombatCommandMessage } from "../../client/combat.ts";
import { ITEM, QUEST, SKILL, ZONE } from "../../domain/catalogue/demo/ids.ts";
import type { Principal } from "../../rooms/principal.ts";
import { type Adventurer, arrive, call, give, sagasDone } from "./adventure.ts";
import { isTurnOf, joinAs, startFight } from "./fight.ts";
import type { TestDatabase } from "./postgres.ts";
import { refreshView } from "./sql.ts";

/** Two players to whom something of every kind has happened, so that every read has something to tell. */
export interface Story {
  /** Has left. */
  readonly alix: Adventurer;
  /** Is in its session. */
  readonly bruno: Adventurer;
  /** A combat between them that is over, and one of others that is not. */
  readonly ended: string;
  readonly running: string;
}

/** On a server with the demo world. */
export async function tellStory(
  server: { readonly gameUrl: string; readonly apiUrl: string },
  database: TestDatabase,
): Promise<Story> {
  async function post(path: string, role: Principal["role"], body: object, userId?: string) {
    const answer = await call(server.apiUrl, path, role, { method: "POST", body, ...(userId && { userId }) });
    expect([path, answer.status, answer.body]).toEqual([path, answer.status < 300 ? answer.status : 200, answer.body]);
    return answer.body;
  }

  const [alix, bruno] = [await arrive(server.gameUrl, "GUERRIER"), await arrive(server.gameUrl, "MAGE", "Bruno")];
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
  const ended = await duel(alix, bruno, post);
  const { combatId: running, ...fighters } = await startFight(server.apiUrl);
  for (const id of [fighters.alix, fighters.bruno]) await (await joinAs(server.gameUrl, running, id)).leave();
  const zoneId = ZONE.champsAuxLucioles;
  const definition = { type: "RECOLTE", nom: "Moisson", objectif: 10, dureeMs: 100_000, zoneId };
  const over = crypto.randomUUID();
  await post("/world/commands", "admin", { type: "DeclencherEvenement", evenementId: over, definition });
  await post("/world/commands", "admin", { type: "AnnulerEvenement", evenementId: over, raison: "la pluie" });
  const goesOn = { type: "DeclencherEvenement", evenementId: crypto.randomUUID(), definition };
  await post("/world/commands", "admin", goesOn);
  const world = await alix.client.joinWorld();
  expect(await world.command({ type: "DecouvrirZone", zoneId })).toMatchObject({ ok: true });
  await world.leave();
  // Who comes again was there before.
  await alix.session.leave();
  const again = await alix.client.joinPlayer();
  await again.leave();
  await sagasDone(server.apiUrl);
  for (const view of ["vue_leaderboard_global", "vue_leaderboard_guildes"] as const) await refreshView(database, view);
  return { alix, bruno, ended, running };
}

/** Alix uses a skill and a thing before Bruno gives up. */
async function duel(
  alix: Adventurer,
  bruno: Adventurer,
  post: (path: string, role: "service", body: object) => Promise<Readonly<Record<string, unknown>>>,
): Promise<string> {
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
