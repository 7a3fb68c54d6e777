import { describe, expect, test } from "vitest";
import { applyToCatalogue, emptyCatalogue } from "../../../domain/catalogue/catalogue.ts";
import { competence } from "../../../domain/catalogue/competence.ts";
import { type PnjDefinition, typeObjectif } from "../../../domain/catalogue/definitions.ts";
import { demoWorld } from "../../../domain/catalogue/demo/demo-world.ts";
import { EVENT, ITEM, PNJ, QUEST, RESOURCE, SKILL, ZONE } from "../../../domain/catalogue/demo/ids.ts";
import { starterItems } from "../../../domain/catalogue/demo/starter.ts";
import { item } from "../../../domain/catalogue/item.ts";
import { pnj } from "../../../domain/catalogue/pnj.ts";
import { quete } from "../../../domain/catalogue/quete.ts";
import { type Seed, seedsOf } from "../../../domain/catalogue/seed.ts";
import { combat } from "../../../domain/combat/combat.ts";
import type { CombatCommand } from "../../../domain/combat/commands.ts";
import { type CombatDefinitionInput, combatDefinition } from "../../../domain/combat/definition.ts";
import type { Aggregate } from "../../../domain/decider.ts";
import type { DomainEvent } from "../../../domain/envelope.ts";
import { classe as classes } from "../../../domain/values.ts";
import { typeEvenement } from "../../../domain/world/values.ts";
import { world } from "../../../domain/world/world.ts";
import { when } from "./helper.ts";

const { items, competences, quetes, pnj: people, monde, evenements } = demoWorld;
const zones = new Map(monde.zones.map((zone) => [zone.zoneId, zone]));
const resources = monde.zones.flatMap((zone) => zone.ressources);

function accepted<S, C, E extends DomainEvent>(aggregate: Aggregate<S, C, E>, command: C): readonly DomainEvent[] {
  const result = when(aggregate, aggregate.initial, command);
  if (result.code !== undefined) throw new Error(`${JSON.stringify(command).slice(0, 80)}: ${result.message}`);
  return result.events;
}

function seeded(seed: Seed): readonly DomainEvent[] {
  switch (seed.type) {
    case "Item":
      return accepted(item, seed.command);
    case "Competence":
      return accepted(competence, seed.command);
    case "Quete":
      return accepted(quete, seed.command);
    case "PNJ":
      return accepted(pnj, seed.command);
  }
}

describe("the demo world", () => {
  test("[DEMO-1] is accepted whole, and has all that was named", () => {
    const catalogue = seedsOf(demoWorld).flatMap(seeded).reduce(applyToCatalogue, emptyCatalogue());
    expect([...catalogue.items.keys()].sort()).toEqual(Object.values(ITEM).sort());
    expect([...catalogue.competences.keys()].sort()).toEqual(Object.values(SKILL).sort());
    expect([...catalogue.quetes.keys()].sort()).toEqual(Object.values(QUEST).sort());
    expect([...catalogue.pnj.keys()].sort()).toEqual(Object.values(PNJ).sort());
    expect([...zones.keys()].sort()).toEqual(Object.values(ZONE).sort());
    expect(resources.map((one) => one.ressourceId).sort()).toEqual(Object.values(RESOURCE).sort());
    expect(Object.keys(evenements).sort()).toEqual(Object.values(EVENT).sort());
    expect(Object.keys(items).length).toBeGreaterThanOrEqual(40);
    expect(Object.keys(quetes).length).toBeGreaterThanOrEqual(15);
    expect(when(world, world.initial, { type: "CreerMonde", definition: monde }).types).toEqual(["MondeCree"]);
  });

  test("[DEMO-1] names nothing that is not there", () => {
    const known = {
      item: (id: string) => expect(items, id).toHaveProperty(id),
      skill: (id: string) => expect(competences, id).toHaveProperty(id),
      quest: (id: string) => expect(quetes, id).toHaveProperty(id),
      person: (id: string) => expect(people, id).toHaveProperty(id),
      zone: (id: string) => expect([...zones.keys()]).toContain(id),
    };
    for (const one of resources) known.item(one.itemId);
    for (const one of zones.values()) for (const id of one.boss) expect(people[id]?.typeEntite).toBe("BOSS");
    for (const one of Object.values(evenements)) {
      for (const reward of one.recompenses.objets) known.item(reward.itemId);
      if (one.zoneId !== undefined) known.zone(one.zoneId);
    }
    for (const one of Object.values(competences))
      for (const each of one.preRequis.competences) known.skill(each.competenceId);
    for (const [id, one] of Object.entries(people)) {
      for (const drop of one.butin.objets) known.item(drop.itemId);
      for (const ware of one.commerce?.articles ?? []) known.item(ware.itemId);
      for (const skill of one.combat?.competences ?? []) known.skill(skill.competenceId);
      if (one.zoneId !== undefined) known.zone(one.zoneId);
      if (one.typeEntite === "BOSS") expect(zones.get(one.zoneId ?? "")?.boss).toContain(id);
    }
    for (const one of Object.values(quetes)) {
      for (const reward of one.recompenses.objets) known.item(reward.itemId);
      for (const each of [...one.recompenses.reputations, ...one.preRequis.reputations]) known.person(each.pnjId);
      for (const each of one.preRequis.quetes) known.quest(each);
      if (one.pnjDonneur !== undefined) known.person(one.pnjDonneur);
      if (one.zoneDepart !== undefined) expect([...zones.values()].map((zone) => zone.nom)).toContain(one.zoneDepart);
      for (const { type, cible } of one.objectifs) {
        if (cible === undefined) continue;
        if (type === "TUER" || type === "PARLER" || type === "VAINCRE_BOSS") known.person(cible);
        if (type === "COLLECTER" || type === "UTILISER" || type === "EQUIPER" || type === "COMMERCER")
          known.item(cible);
        if (type === "APPRENDRE") known.skill(cible);
        if (type === "EXPLORER") known.zone(cible);
        if (type === "EVENEMENT") expect(typeEvenement.options).toContain(cible);
      }
    }
  });

  test("[DEMO-2] each class has its skills", () => {
    for (const classe of classes.options) {
      const own = Object.values(competences).filter((one) => one.classes.includes(classe));
      expect(own).toHaveLength(5);
      expect(own.filter((one) => one.typeCompetence === "PASSIVE")).toHaveLength(1);
      expect(own.filter((one) => one.typeCompetence === "ULTIMATE")).toHaveLength(1);
      expect(own.some((one) => one.niveauRequis === 1 && one.preRequis.competences.length === 0)).toBe(true);
      for (const { preRequis } of own)
        for (const needed of preRequis.competences) {
          expect(competences[needed.competenceId]?.classes).toEqual([classe]);
          expect(competences[needed.competenceId]?.niveauMax).toBeGreaterThanOrEqual(needed.niveau);
        }
    }
  });

  test("[DEMO-3] quests ask for everything, and every chain can be gone through", () => {
    const all = Object.values(quetes);
    const asked = new Set(all.flatMap((one) => one.objectifs.map((each) => each.type)));
    expect([...asked].sort()).toEqual([...typeObjectif.options].sort());
    expect(all.filter((one) => one.typeQuete === "QUOTIDIENNE").length).toBeGreaterThanOrEqual(2);
    expect(all.some((one) => one.dureeLimiteMinutes !== undefined)).toBe(true);
    const done = new Set<string>();
    for (let found = true; found; ) {
      found = false;
      for (const [id, one] of Object.entries(quetes)) {
        if (done.has(id) || !one.preRequis.quetes.every((each) => done.has(each))) continue;
        done.add(id);
        found = true;
      }
    }
    expect(done.size).toBe(all.length);
    for (const one of all)
      for (const each of one.preRequis.quetes) expect(quetes[each]?.niveauRequis).toBeLessThanOrEqual(one.niveauRequis);
    // What a reputation asks for, the quests before it bring.
    const [needed] = quetes[QUEST.dragonneDeCendres]?.preRequis.reputations ?? [];
    const before = [QUEST.bruitDansLaCave, QUEST.chapardeurs, QUEST.ogreDuMoulin];
    const brought = before.flatMap((id) => quetes[id]?.recompenses.reputations ?? []).map((one) => one.delta);
    expect(brought.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(needed?.minimum ?? Number.NaN);
  });

  test("[DEMO-4] what is asked for can be had", () => {
    const had = new Set([
      ...resources.map((one) => one.itemId),
      ...Object.values(people).flatMap((one) => one.butin.objets.map((drop) => drop.itemId)),
      ...Object.values(people).flatMap((one) => one.commerce?.articles.map((ware) => ware.itemId) ?? []),
    ]);
    for (const { objectifs, pnjDonneur } of Object.values(quetes)) {
      if (pnjDonneur !== undefined) expect(people[pnjDonneur]?.dialogues.length).toBeGreaterThan(0);
      for (const { type, cible } of objectifs) {
        if (cible === undefined) continue;
        if (type === "COLLECTER") expect(had).toContain(cible);
        if (type === "TUER" || type === "VAINCRE_BOSS") expect(people[cible]?.combat).toBeDefined();
        if (type === "PARLER") expect(people[cible]?.dialogues.length).toBeGreaterThan(0);
      }
    }
  });

  test("[DEMO-5] trading with merchants is no way to riches", () => {
    const shops = Object.values(people).flatMap((one) => (one.commerce === undefined ? [] : [one.commerce]));
    const best = Math.max(...shops.map((one) => one.rachatPourcent));
    for (const { itemId, prix } of shops.flatMap((one) => one.articles)) {
      const lowest = Math.floor((prix * 80) / 100);
      expect(Math.floor(((items[itemId]?.valeurOr ?? 0) * best) / 100), items[itemId]?.nom).toBeLessThan(lowest);
    }
  });

  test("[DEMO-7] starters can use what they are given", () => {
    for (const classe of classes.options) {
      const given = starterItems(classe).map(({ itemId }) => items[itemId]);
      for (const one of given) {
        expect(one?.niveauRequis).toBe(1);
        expect(one?.classes.length === 0 || one?.classes.includes(classe)).toBe(true);
      }
      expect(given.map((one) => one?.typeItem)).toEqual(["ARME", "ARMURE", "CONSOMMABLE", "CONSOMMABLE"]);
    }
  });
});

type Fighter = CombatDefinitionInput["participants"][number];

/** Weaker in everything than a beginner of any class. */
const beginner: Fighter = {
  entiteId: "10e00000-0000-4000-8000-000000000001",
  typeEntite: "JOUEUR",
  equipe: "A",
  nom: "Débutant",
  initiative: 8,
  position: 5,
  hpMax: 80,
  statsCombat: { attaque: 5, defense: 5, defenseMagique: 5, precision: 90, esquive: 5, critique: 5 },
};

function opponent(pnjId: string): Fighter {
  const { nom, niveau, typeEntite, combat: fight } = people[pnjId] as PnjDefinition;
  if (fight === undefined) throw new Error(`${nom} does not fight`);
  const { competences: known, ...rest } = fight;
  const skills = known.map(({ competenceId }) => {
    const definition = competences[competenceId];
    const [first] = definition?.effets.filter((one) => one.type === "DEGATS") ?? [];
    return {
      competenceId,
      nom: definition?.nom ?? "",
      cible: definition?.cible ?? "ENNEMI",
      portee: definition?.portee ?? 1,
      coutStamina: definition?.coutStamina ?? 0,
      coutMp: definition?.coutMana ?? 0,
      recharge: definition?.cooldownTours ?? 0,
      ...(first?.type === "DEGATS" ? { degats: { element: "PHYSIQUE" as const, ...first } } : {}),
    };
  });
  const phases = rest.phases.map((one) => ({ ...one, competences: [...one.competences] }));
  return { ...rest, phases, competences: skills, entiteId: pnjId, typeEntite, equipe: "B", nom, niveau, position: 6 };
}

/** Wins of a hundred, when the beginner does nothing but hit. */
function wins(pnjId: string): number {
  let won = 0;
  for (let n = 0; n < 100; n++) {
    const definition = combatDefinition.parse({
      typeCombat: "PVE",
      zone: { zoneId: ZONE.bourgClochette },
      graine: `demo-${n}`,
      participants: [beginner, opponent(pnjId)],
    });
    let state = combat.initial;
    let command: CombatCommand = { type: "PreparerCombat", combatId: pnjId, definition };
    while (!combat.mayRest?.(state)) {
      const decision = combat.decide(state, command, { now: 0 });
      if (!decision.ok) throw new Error(`${command.type}: ${decision.rejection.code}`);
      state = decision.events.reduce(combat.evolve, state);
      const active = state.participants[state.participantActifId ?? ""];
      const foe = Object.values(state.participants).find((one) => one.equipe === "B");
      command =
        active?.typeEntite === "JOUEUR" && foe !== undefined
          ? {
              type: "ExecuterAction",
              joueurId: active.entiteId,
              typeAction: "ATTAQUE",
              cibles: [foe.participantId],
            }
          : { type: "JouerPnj", numeroTour: state.tourActuel };
    }
    if (state.fin?.equipesVictorieuses.includes("A")) won++;
  }
  return won;
}

test("[DEMO-6] beginners beat the first creatures and no boss", () => {
  const result = Object.fromEntries(
    [PNJ.ratDesCaves, PNJ.gobelin, PNJ.grumgor].map((id) => [people[id]?.nom, wins(id)]),
  );
  expect(result["Rat des caves"]).toBeGreaterThanOrEqual(95);
  expect(result["Gobelin chapardeur"]).toBeGreaterThanOrEqual(20);
  expect(result["Grumgor, l'Ogre du moulin"]).toBe(0);
});
