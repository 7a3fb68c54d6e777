import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyToCatalogue,
  CATALOGUE_EVENT_TYPES,
  catalogueEvents,
  emptyCatalogue,
} from "../../../domain/catalogue/catalogue.ts";
import { competence, competenceDefinitionCommand } from "../../../domain/catalogue/competence.ts";
import type { ItemDefinition } from "../../../domain/catalogue/definitions.ts";
import { type ItemCommand, item, itemCommand } from "../../../domain/catalogue/item.ts";
import { definitionsFor, definitionsOf } from "../../../domain/catalogue/lookup.ts";
import { pnj, pnjDefinitionCommand } from "../../../domain/catalogue/pnj.ts";
import { quete, queteDefinitionCommand } from "../../../domain/catalogue/quete.ts";
import { baker, errand, id, slash, sword, when } from "./helper.ts";

const create = (over: Partial<ItemDefinition> = {}) =>
  ({ type: "CreerItem", itemId: id(1), definition: sword(over) }) as const;
const change = (changements: Extract<ItemCommand, { type: "ModifierItem" }>["changements"]) =>
  ({ type: "ModifierItem", itemId: id(1), changements }) as const;
const withdraw = { type: "RetirerItem", itemId: id(1), raison: "trop fort" } as const;
const made = when(item, item.initial, create()).state;

describe("an item's definition", () => {
  test("[CATALOG-1] is made once; the same again changes nothing, another one is refused", () => {
    const first = when(item, item.initial, create());
    expect(first.events).toEqual([{ eventType: "ItemCree", payload: { itemId: id(1), ...sword() } }]);
    expect(first.state).toMatchObject({ version: 1, id: id(1), definition: sword(), retire: false });
    expect(when(item, first.state, create())).toMatchObject({ types: [], code: undefined });
    expect(when(item, first.state, create({ nom: "Autre" })).code).toBe("DEFINITION_EXISTS");
  });

  test("[CATALOG-2] a change says what was and what is", () => {
    const { events, state } = when(item, made, change({ nom: "Lame", valeurOr: 0, niveauRequis: 3 }));
    const payload = { itemId: id(1), avant: { nom: "Épée", niveauRequis: 1 }, apres: { nom: "Lame", niveauRequis: 3 } };
    expect(events).toEqual([{ eventType: "ItemModifie", payload }]);
    expect(state.definition).toEqual(sword({ nom: "Lame", niveauRequis: 3 }));
    expect(when(item, made, change({ nom: "Épée" }))).toMatchObject({ types: [], code: undefined });
    expect(when(item, item.initial, change({ nom: "Lame" })).code).toBe("DEFINITION_NOT_FOUND");
    expect(when(item, made, { ...change({ nom: "Lame" }), itemId: id(2) }).code).toBe("DEFINITION_NOT_FOUND");
  });

  test("[CATALOG-2] null takes an optional field away, and only an optional one", () => {
    const { events, state } = when(item, made, change({ usage: null, iconeUrl: "/epee.png" }));
    expect(events.map((event) => event.payload)).toEqual([
      { itemId: id(1), avant: {}, apres: { iconeUrl: "/epee.png" } },
      { itemId: id(1), avant: { usage: sword().usage }, apres: {} },
    ]);
    expect(state.definition).not.toHaveProperty("usage");
    expect(itemCommand.safeParse(change({ usage: null })).success).toBe(true);
    expect(itemCommand.safeParse(change({ nom: null })).success).toBe(false);
    expect(itemCommand.parse(change({ nom: "Lame" }))).toEqual(change({ nom: "Lame" }));
  });

  test("[CATALOG-3] properties are changed by an event of their own", () => {
    expect(when(item, made, change({ stats: { attaque: 6 } })).types).toEqual(["ProprietesModifiees"]);
    expect(when(item, made, change({ stats: { attaque: 6 }, nom: "Lame" })).types).toEqual([
      "ItemModifie",
      "ProprietesModifiees",
    ]);
  });

  test("[CATALOG-4] is withdrawn once, and then stays as it was", () => {
    const { events, state } = when(item, made, withdraw);
    expect(events).toEqual([{ eventType: "ItemDetruit", payload: { itemId: id(1), raison: "trop fort" } }]);
    expect(state).toMatchObject({ retire: true, definition: sword() });
    expect(when(item, state, withdraw)).toMatchObject({ types: [], code: undefined });
    expect(when(item, state, change({ nom: "Lame" })).code).toBe("DEFINITION_WITHDRAWN");
    expect(when(item, state, create()).code).toBe("DEFINITION_EXISTS");
    expect(when(item, item.initial, withdraw).code).toBe("DEFINITION_NOT_FOUND");
  });

  test("[CATALOG-5] may not contradict itself", () => {
    const wrong = (over: Partial<ItemDefinition>) => when(item, item.initial, create(over)).message;
    expect(wrong({ stackMax: 5 })).toMatch(/stackMax above 1/);
    expect(wrong({ empilable: true, stackMax: 5 })).toMatch(/worn cannot be stacked/);
    expect(wrong({ empilable: true, emplacements: [] })).toMatch(/2 or more; a weapon .*; stats are/);
    expect(wrong({ recetteCraft: [{ itemId: id(1), quantite: 1 }] })).toMatch(/made of itself/);
    expect(wrong({ emplacements: ["TETE", "TETE"] })).toMatch(/twice/);
    expect(when(item, made, change({ emplacements: [] }))).toMatchObject({ code: "INVALID_DEFINITION", types: [] });
  });
});

describe("the other definitions", () => {
  test("[CATALOG-1] [CATALOG-2] skills, quests and non-players are defined and changed the same way", () => {
    const skill = when(competence, competence.initial, {
      type: "DefinirCompetence",
      competenceId: id(1),
      definition: slash(),
    });
    expect(skill.types).toEqual(["CompetenceDefinie"]);
    const tuned = { type: "ModifierCompetence", competenceId: id(1), changements: { coutStamina: 7 } } as const;
    expect(when(competence, skill.state, tuned).events[0]?.payload).toEqual({
      competenceId: id(1),
      avant: { coutStamina: 0 },
      apres: { coutStamina: 7 },
    });
    const quest = when(quete, quete.initial, { type: "CreerQuete", queteId: id(1), definition: errand() });
    expect(quest.types).toEqual(["QueteCreee"]);
    const longer = { type: "ModifierQuete", queteId: id(1), changements: { dureeLimiteMinutes: 5 } } as const;
    expect(when(quete, quest.state, longer).types).toEqual(["QueteModifiee"]);
    const person = when(pnj, pnj.initial, { type: "CreerPnj", pnjId: id(1), definition: baker() });
    expect(person.types).toEqual(["PNJCree"]);
    const older = { type: "ModifierPnj", pnjId: id(1), changements: { niveau: 4 } } as const;
    expect(when(pnj, person.state, older).types).toEqual(["PNJModifie"]);
    expect(competenceDefinitionCommand.parse(tuned)).toEqual(tuned);
    expect(queteDefinitionCommand.parse(longer)).toEqual(longer);
    expect(pnjDefinitionCommand.parse(older)).toEqual(older);
  });

  test("[CATALOG-5] a skill's effects fit its type", () => {
    const wrong = (over: Parameters<typeof slash>[0]) =>
      when(competence, competence.initial, { type: "DefinirCompetence", competenceId: id(1), definition: slash(over) })
        .message;
    const damage = slash().effets;
    const stun = {
      type: "STATUT",
      typeEffet: "STUN",
      puissance: 0,
      ratioMagie: 0,
      dureeTours: 1,
      chance: 50,
      peutEtreDissipe: true,
    } as const;
    expect(wrong({ effets: [] })).toMatch(/needs an effect/);
    expect(wrong({ typeCompetence: "PASSIVE" })).toMatch(/no effect but BONUS/);
    expect(wrong({ effets: [...damage, ...damage] })).toBe("");
    expect(wrong({ effets: Array.from({ length: 5 }, () => stun) })).toMatch(/four STATUT/);
    expect(wrong({ effets: [{ type: "BONUS", stats: {} }] })).toMatch(/for passive/);
    expect(wrong({ rayon: 2 })).toMatch(/radius/);
    expect(wrong({ preRequis: { competences: [{ competenceId: id(1), niveau: 1 }] } })).toMatch(/need itself/);
  });

  test("[CATALOG-5] a quest's objectives are distinct and name what they can", () => {
    const wrong = (over: Parameters<typeof errand>[0]) =>
      when(quete, quete.initial, { type: "CreerQuete", queteId: id(1), definition: errand(over) }).message;
    const [talk] = errand().objectifs;
    if (talk === undefined) throw new Error("no objective");
    expect(wrong({ objectifs: [talk, talk] })).toMatch(/objectifId is there twice/);
    expect(wrong({ objectifs: [{ ...talk, cible: "Anna" }] })).toMatch(/a: not a cible of PARLER/);
    expect(wrong({ objectifs: [{ ...talk, type: "GAGNER_COMBAT", cible: "PVP" }] })).toBe("");
    expect(wrong({ objectifs: [{ ...talk, type: "NIVEAU", cible: "5" }] })).toMatch(/NIVEAU/);
    expect(wrong({ objectifs: [{ ...talk, type: "EVENEMENT", cible: "RECOLTE" }] })).toBe("");
    expect(wrong({ repete: true })).toMatch(/go together/);
    expect(wrong({ typeQuete: "QUOTIDIENNE" })).toMatch(/repeats QUOTIDIEN/);
    expect(wrong({ niveauRequis: 5, niveauRecommande: 3 })).toMatch(/below/);
  });

  test("[CATALOG-5] a non-player fights with what it has", () => {
    const wrong = (over: Parameters<typeof baker>[0]) =>
      when(pnj, pnj.initial, { type: "CreerPnj", pnjId: id(1), definition: baker(over) }).message;
    expect(wrong({ typeEntite: "BOSS" })).toMatch(/boss fights/);
    expect(wrong({ butin: { experience: 1, or: 0, objets: [] } })).toMatch(/for who fights/);
    const dialogue = { dialogueId: "a", texte: "…", choix: [] };
    expect(wrong({ dialogues: [dialogue, dialogue] })).toMatch(/dialogueId/);
  });

  test("[CATALOG-9] a player's stream is not taken for a definition", () => {
    const foreign = { eventType: "QueteAcceptee", payload: {} } as unknown as Parameters<typeof quete.evolve>[1];
    const state = quete.evolve(quete.initial, foreign);
    expect(state.version).toBe(1);
    expect(when(quete, state, { type: "CreerQuete", queteId: id(1), definition: errand() }).code).toBe(
      "DEFINITION_EXISTS",
    );
  });
});

describe("the catalogue", () => {
  const reward = (itemId: string) => ({
    recompenses: { experience: 0, or: 0, objets: [{ itemId, quantite: 1 }], reputations: [] },
  });
  const log = [
    { eventType: "ItemCree", payload: { itemId: id(1), ...sword() } },
    { eventType: "ItemCree", payload: { itemId: id(2), ...sword({ nom: "Dague" }) } },
    { eventType: "ItemCree", payload: { itemId: id(3), ...sword({ nom: "Hache" }) } },
    { eventType: "QueteCreee", payload: { queteId: id(4), ...errand(reward(id(1))) } },
    { eventType: "QueteModifiee", payload: { queteId: id(4), avant: reward(id(1)), apres: reward(id(2)) } },
    { eventType: "CompetenceDefinie", payload: { competenceId: id(5), ...slash() } },
    { eventType: "PNJCree", payload: { pnjId: id(6), ...baker() } },
    { eventType: "CombatTermine", payload: {} },
  ];
  const catalogue = log.reduce(applyToCatalogue, emptyCatalogue());

  test("[CATALOG-6] a command is given the definitions of the ids that it names", () => {
    expect(definitionsFor({ itemId: id(3) }, catalogue).items).toEqual({ [id(3)]: sword({ nom: "Hache" }) });
    expect(definitionsFor({ competenceId: id(5) }, catalogue).competences).toEqual({ [id(5)]: slash() });
    expect(definitionsFor({ pnjId: id(6), itemId: id(1) }, catalogue)).toMatchObject({
      pnj: { [id(6)]: baker() },
      items: { [id(1)]: sword() },
    });
    const objets = [{ itemId: id(1) }, { itemId: id(3), quantite: 2 }];
    expect(Object.keys(definitionsFor({ objets }, catalogue).items)).toEqual([id(1), id(3)]);
    const quest = definitionsFor({ queteId: id(4) }, catalogue);
    expect(quest.quetes[id(4)]).toEqual(errand(reward(id(2))));
    expect(Object.keys(quest.items)).toEqual([id(1), id(2)]);
  });

  test("[CATALOG-6] whatever a command consists of, it is answered", () => {
    fc.assert(
      fc.property(fc.object({ withNullPrototype: true }), fc.anything(), (command, objets) => {
        const empty = { items: {}, competences: {}, quetes: {}, pnj: {} };
        expect(definitionsFor({ ...command, objets }, catalogue)).toEqual(empty);
      }),
    );
    expect(definitionsFor({ itemId: "__proto__", queteId: "constructor" }, catalogue).items).toEqual({});
  });

  test("[CATALOG-7] what is unknown or withdrawn is left out", () => {
    const events = [...log, { eventType: "ItemDetruit", payload: { itemId: id(1), raison: "x" } }];
    const later = events.reduce(applyToCatalogue, emptyCatalogue());
    expect(definitionsFor({ itemId: id(1), pnjId: id(99) }, later)).toMatchObject({ items: {}, pnj: {} });
    expect(Object.keys(definitionsFor({ queteId: id(4) }, later).items)).toEqual([id(2)]);
    expect(definitionsOf({ items: [id(1), id(3), id(99)], pnj: [id(6)] }, later)).toEqual({
      items: { [id(3)]: sword({ nom: "Hache" }) },
      competences: {},
      quetes: {},
      pnj: { [id(6)]: baker() },
    });
  });

  test("[CATALOG-8] folds to the states of the single streams, whatever changed in between", () => {
    const arbitrary = fc.array(
      fc.oneof(
        fc.record({ nom: fc.string({ minLength: 1 }), valeurOr: fc.integer({ min: 0, max: 9 }) }),
        fc.constantFrom({ usage: null }, { iconeUrl: "/a.png" }, { iconeUrl: null }, { usage: sword().usage }),
        fc.record({ stats: fc.constantFrom({}, { magie: 1 }, { attaque: 5 }) }),
      ),
    );
    fc.assert(
      fc.property(arbitrary, (changes) => {
        const cache = emptyCatalogue();
        let state = item.initial;
        let wanted: Record<string, unknown> = { ...sword() };
        for (const command of [create(), ...changes.map((one) => change(one as Partial<ItemDefinition>))]) {
          const result = when(item, state, command);
          for (const event of result.events) {
            expect(catalogueEvents[event.eventType]?.schema.parse(event.payload)).toEqual(event.payload);
            applyToCatalogue(cache, JSON.parse(JSON.stringify(event)));
          }
          state = result.state;
        }
        for (const one of changes) wanted = { ...wanted, ...one };
        expect(state.definition).toEqual(
          Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== null)),
        );
        expect(cache.items.get(id(1))).toEqual(state);
        expect(item.snapshot.schema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
      }),
    );
  });

  test("[CATALOG-8] reads every event type that its aggregates write", () => {
    expect([...CATALOGUE_EVENT_TYPES].sort()).toEqual(
      [item, competence, quete, pnj].flatMap((one) => Object.keys(one.events)).sort(),
    );
  });

  test("ten thousand entries are folded, and looked up in, without copying", () => {
    const big = emptyCatalogue();
    const definition = sword();
    for (let n = 0; n < 10_000; n++) {
      applyToCatalogue(big, { eventType: "ItemCree", payload: { itemId: id(n), ...definition } });
    }
    const started = performance.now();
    for (let n = 0; n < 10_000; n++) definitionsFor({ itemId: id(n) }, big);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(big.items.size).toBe(10_000);
  });
});
