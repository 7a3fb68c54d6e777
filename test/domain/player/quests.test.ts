import { describe, expect, test } from "vitest";
import { player } from "../../../domain/player/player.ts";
import { periodOf } from "../../../domain/player/quests.ts";
import {
  accept,
  born,
  finish,
  given,
  iid,
  kills,
  learn,
  nid,
  payloads,
  qid,
  sid,
  talk,
  visit,
  when,
} from "./life-helper.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A player who has done quest 1 at the beginning of 1970, a Thursday. */
function done(over: Parameters<typeof accept>[1] = {}) {
  return given(born(), accept(1, over), kills(2), finish(1));
}

describe("accepting", () => {
  test("[QUEST-7] an accepted quest carries its definition, its deadline and how often it was accepted", () => {
    const { events, types } = when(born(), accept(1, { dureeLimiteMinutes: 10 }), 1_000);
    expect(types).toEqual(["QueteAcceptee"]);
    expect(payloads(events, "QueteAcceptee")).toMatchObject([
      {
        queteId: qid(1),
        acceptation: 1,
        definition: { nom: "Q" },
        accepteeA: "1970-01-01T00:00:01.000Z",
        expireA: "1970-01-01T00:10:01.000Z",
      },
    ]);
    const twice = given(born(), accept(1), { type: "AbandonnerQuete", queteId: qid(1) });
    expect(payloads(when(twice, accept(1)).events, "QueteAcceptee")).toMatchObject([{ acceptation: 2, expireA: null }]);
  });

  test("[QUEST-7] a quest is played as it was accepted", () => {
    const state = given(born(), accept(1), kills(2));
    expect(when(state, finish(1)).code).toBeUndefined();
  });

  test("[QUEST-7] a quest that the catalogue does not have is unknown", () => {
    const command = { ...accept(1), definitions: { items: {}, competences: {}, quetes: {}, pnj: {} } };
    expect(when(born(), command as ReturnType<typeof accept>).code).toBe("UNKNOWN_QUEST");
  });

  test("[QUEST-1] not while it is open, complete or not", () => {
    const open = given(born(), accept(1, { repete: true }));
    expect(when(open, accept(1, { repete: true })).code).toBe("QUEST_ALREADY_OPEN");
    expect(when(given(open, kills(2)), accept(1, { repete: true })).code).toBe("QUEST_ALREADY_OPEN");
  });

  test("[QUEST-2] without `repete` once for ever", () => {
    expect(when(done(), accept(1), 400 * DAY).code).toBe("QUEST_ALREADY_DONE");
    expect(when(done(), accept(1, { frequenceRepetition: "QUOTIDIEN" }), 400 * DAY).code).toBe("QUEST_ALREADY_DONE");
    expect(when(done(), accept(1, { repete: true })).code).toBeUndefined();
  });

  test("[QUEST-2] QUOTIDIEN on a later UTC day", () => {
    const daily = { repete: true, frequenceRepetition: "QUOTIDIEN" } as const;
    expect(when(done(daily), accept(1, daily), DAY - 1).code).toBe("QUEST_NOT_AGAIN_YET");
    expect(when(done(daily), accept(1, daily), DAY).code).toBeUndefined();
  });

  test("[QUEST-2] HEBDOMADAIRE in a later ISO week", () => {
    const weekly = { repete: true, frequenceRepetition: "HEBDOMADAIRE" } as const;
    expect(when(done(weekly), accept(1, weekly), Date.parse("1970-01-04T23:59:59.999Z")).code).toBe(
      "QUEST_NOT_AGAIN_YET",
    );
    expect(when(done(weekly), accept(1, weekly), Date.parse("1970-01-05T00:00:00Z")).code).toBeUndefined();
    expect(periodOf("HEBDOMADAIRE", Date.parse("1970-01-04T23:59:59Z"))).toBe(0);
    expect(periodOf("HEBDOMADAIRE", Date.parse("1970-01-05T00:00:00Z"))).toBe(1);
    // ISO week 1 of 2026 begins in December.
    expect(periodOf("HEBDOMADAIRE", Date.parse("2025-12-29T00:00:00Z"))).toBe(
      periodOf("HEBDOMADAIRE", Date.parse("2026-01-04T23:59:59Z")),
    );
  });

  test("[QUEST-2] what was abandoned or has failed can be accepted again at once", () => {
    const daily = { repete: true, frequenceRepetition: "QUOTIDIEN" } as const;
    for (const type of ["AbandonnerQuete", "EchouerQuete"] as const)
      for (const over of [{}, daily])
        expect(when(given(born(), accept(1, over), { type, queteId: qid(1) }), accept(1, over)).code).toBeUndefined();
  });

  test("[QUEST-2] the last time that it was finished counts, whatever came after", () => {
    const daily = { repete: true, frequenceRepetition: "QUOTIDIEN" } as const;
    const again = when(done(daily), accept(1, daily), DAY).state;
    const given2 = given(again, { type: "AbandonnerQuete", queteId: qid(1) });
    expect(when(given2, accept(1, daily), DAY).code).toBeUndefined();
    expect(when(given2, accept(1, {}), DAY).code).toBe("QUEST_ALREADY_DONE");
  });

  test("[QUEST-3] level and class", () => {
    expect(when(born({ niveau: 4 }), accept(1, { niveauRequis: 5 })).code).toBe("LEVEL_TOO_LOW");
    expect(when(born({ niveau: 5 }), accept(1, { niveauRequis: 5 })).code).toBeUndefined();
    expect(when(born(), accept(1, { classes: ["CLERC", "VOLEUR"] })).code).toBe("WRONG_CLASS");
    expect(when(born(), accept(1, { classes: ["CLERC", "MAGE"] })).code).toBeUndefined();
  });

  test("[QUEST-4] quests that must have been finished", () => {
    const second = accept(2, { preRequis: { quetes: [qid(1)] } });
    expect(when(born(), second).code).toBe("QUEST_REQUIRED");
    expect(when(given(born(), accept(1), kills(2)), second).code).toBe("QUEST_REQUIRED");
    expect(when(given(born(), accept(1), { type: "AbandonnerQuete", queteId: qid(1) }), second).code).toBe(
      "QUEST_REQUIRED",
    );
    expect(when(done(), second).code).toBeUndefined();
  });

  test("[QUEST-4] a quest once finished stays so while it is done again", () => {
    const again = given(done({ repete: true }), accept(1, { repete: true }));
    expect(when(again, accept(2, { preRequis: { quetes: [qid(1)] } })).code).toBeUndefined();
  });

  test("[QUEST-4] reputations that must have been reached", () => {
    const liked = {
      dialogues: [{ dialogueId: "d", texte: "?", choix: [{ choixId: "c", texte: "!", reputation: 30 }] }],
    };
    const friend = given(born(), talk(1, liked, { choixId: "c" }));
    const asks = (minimum: number) => accept(1, { preRequis: { reputations: [{ pnjId: nid(1), minimum }] } });
    expect(when(friend, asks(31)).code).toBe("REPUTATION_TOO_LOW");
    expect(when(friend, asks(30)).code).toBeUndefined();
    expect(when(born(), asks(1)).code).toBe("REPUTATION_TOO_LOW");
    expect(when(born(), asks(0)).code).toBeUndefined();
  });

  test("[QUEST-5] its giver must have been talked to; to have opened its shop is not enough", () => {
    const command = accept(1, { pnjDonneur: nid(1) });
    const shop = { commerce: { articles: [] } };
    expect(when(given(born(), visit(1, shop)), command).code).toBe("GIVER_NOT_MET");
    expect(when(given(born(), talk(1)), command).code).toBeUndefined();
  });

  test("[QUEST-6] at most 25 at once", () => {
    const full = given(born(), ...Array.from({ length: 25 }, (_, n) => accept(n + 1)));
    expect(when(full, accept(26)).code).toBe("TOO_MANY_QUESTS");
    expect(when(given(full, { type: "AbandonnerQuete", queteId: qid(7) }), accept(26)).code).toBeUndefined();
  });
});

describe("ending", () => {
  const rewards = {
    recompenses: {
      experience: 50,
      or: 30,
      objets: [{ itemId: iid(1), quantite: 3 }],
      reputations: [{ pnjId: nid(1), delta: 15 }],
    },
  };

  test("[QUEST-8] once it is complete, the rewards come with its end", () => {
    const state = given(born(), accept(1, rewards), kills(2));
    const { events, types, state: after } = when(state, finish(1, { [iid(1)]: {} }), DAY);
    expect(types.slice(0, 2)).toEqual(["QueteTerminee", "RecompenseObtenue"]);
    expect(new Set(types.slice(2))).toEqual(
      new Set(["ItemAjoute", "ReputationModifiee", "OrModifie", "ExperienceGagnee"]),
    );
    expect(payloads(events, "QueteTerminee")).toMatchObject([
      { queteId: qid(1), acceptation: 1, nom: "Q", termineeA: "1970-01-02T00:00:00.000Z" },
    ]);
    expect(payloads(events, "RecompenseObtenue")).toMatchObject([{ queteId: qid(1), ...rewards.recompenses }]);
    expect(after.joueur.or).toBe(state.joueur.or + 30);
    expect(after.joueur.experience).toBe(state.joueur.experience + 50);
    expect(after.relations.pnj[nid(1)]?.reputation).toBe(15);
  });

  test("[QUEST-8] not before, and not twice", () => {
    expect(when(born(), finish(1)).code).toBe("QUEST_NOT_OPEN");
    const open = given(born(), accept(1), kills(1));
    expect(when(open, finish(1)).code).toBe("QUEST_NOT_COMPLETE");
    expect(when(given(open, kills(1), finish(1)), finish(1)).code).toBe("QUEST_NOT_OPEN");
  });

  test("[QUEST-8] without rewards there is nothing but its end", () => {
    expect(when(given(born(), accept(1), kills(2)), finish(1)).types).toEqual(["QueteTerminee", "RecompenseObtenue"]);
  });

  test("[QUEST-9] items arrive over capacity", () => {
    const heavy = { poids: 10_000, empilable: false, stackMax: 1 };
    const many = { recompenses: { objets: [{ itemId: iid(1), quantite: 60 }] } };
    const { code, events } = when(given(born(), accept(1, many), kills(2)), finish(1, { [iid(1)]: heavy }));
    expect(code).toBeUndefined();
    const given2 = payloads(events, "ItemAjoute") as { quantite: number }[];
    expect(given2.reduce((sum, one) => sum + one.quantite, 0)).toBe(60);
  });

  test("[QUEST-9] a reward that is not known leaves the quest open", () => {
    const state = given(born(), accept(1, rewards), kills(2));
    expect(when(state, finish(1)).code).toBe("UNKNOWN_ITEM");
    expect(state.quetes.ouvertes[qid(1)]?.progres).toEqual([2]);
  });

  test("[QUEST-9] gold that nobody can own is lost, the rest arrives", () => {
    const state = given(born({ or: 1_999_999_990 }), accept(1, rewards), kills(2));
    const { code, events } = when(state, finish(1, { [iid(1)]: {} }));
    expect(code).toBeUndefined();
    expect(payloads(events, "OrModifie")).toMatchObject([{ delta: 10, solde: 2_000_000_000, perdu: 20 }]);
  });

  test("[QUEST-10] abandoned by the player, failed by the game, complete or not", () => {
    for (const [type, event] of [
      ["AbandonnerQuete", "QueteAbandonnee"],
      ["EchouerQuete", "QueteEchouee"],
    ] as const)
      for (const count of [1, 2]) {
        const { types, state } = when(given(born(), accept(1), kills(count)), { type, queteId: qid(1) });
        expect(types).toEqual([event]);
        expect(when(state, { type, queteId: qid(1) }).code).toBe("QUEST_NOT_OPEN");
        expect(given(state, accept(1)).quetes.ouvertes[qid(1)]?.progres).toEqual([0]);
      }
    const failed = when(given(born(), accept(1)), { type: "EchouerQuete", queteId: qid(1) });
    expect(payloads(failed.events, "QueteEchouee")).toMatchObject([{ raison: "ECHEC" }]);
  });

  test("[QUEST-11] from its deadline on it stands still and cannot be finished", () => {
    const state = given(born(), accept(1, { dureeLimiteMinutes: 60 }), kills(1));
    expect(when(state, kills(1), HOUR - 1).types).toEqual(["ObjectifProgresse", "ObjectifComplete"]);
    expect(when(state, kills(1), HOUR).types).toEqual([]);
    const complete = given(state, kills(1));
    expect(when(complete, finish(1), HOUR - 1).code).toBeUndefined();
    expect(when(complete, finish(1), HOUR).code).toBe("QUEST_EXPIRED");
  });

  test("[QUEST-11] it is failed when the deadline is acted upon, and only what is over", () => {
    const state = given(
      born(),
      accept(1, { dureeLimiteMinutes: 60 }),
      accept(2, { dureeLimiteMinutes: 120 }),
      accept(3),
      accept(4, { dureeLimiteMinutes: 60 }),
    );
    expect(when(state, { type: "ExpirerQuetes" }, HOUR - 1).code).toBe("TOO_EARLY");
    const { events, state: after } = when(state, { type: "ExpirerQuetes" }, HOUR);
    expect(payloads(events, "QueteEchouee")).toMatchObject([
      { queteId: qid(1), raison: "EXPIREE" },
      { queteId: qid(4), raison: "EXPIREE" },
    ]);
    expect(Object.keys(after.quetes.ouvertes).sort()).toEqual([qid(2), qid(3)]);
  });

  test("[QUEST-11] the player asks to be woken at its next deadline", () => {
    const state = given(born(), accept(2, { dureeLimiteMinutes: 120 }), accept(1, { dureeLimiteMinutes: 60 }));
    expect(player.wakeUp?.(state)).toEqual({ at: HOUR, command: { type: "ExpirerQuetes" } });
    expect(player.wakeUp?.(when(state, { type: "ExpirerQuetes" }, HOUR).state)?.at).toBe(2 * HOUR);
  });
});

describe("objectives", () => {
  test("[GOAL-1] what happened counts towards every quest that asks for it, once for each objective", () => {
    const state = given(
      born(),
      accept(1, {
        objectifs: [
          { objectifId: "a", type: "TUER", requis: 5 },
          { objectifId: "b", type: "TUER", cible: nid(1), requis: 2 },
        ],
      }),
      accept(2, { objectifs: [{ objectifId: "c", type: "TUER", requis: 9 }] }),
    );
    const faits = [
      { type: "TUER", cible: nid(1), quantite: 2 },
      { type: "TUER", cible: nid(2), quantite: 1 },
    ] as const;
    const { events } = when(state, { type: "ProgresserObjectifs", faits, reference: "combat-7" });
    expect(events.map(({ eventType, payload }) => ({ eventType, ...payload }))).toMatchObject([
      { eventType: "ObjectifProgresse", objectifId: "a", avant: 0, apres: 3, requis: 5, reference: "combat-7" },
      { eventType: "ObjectifProgresse", objectifId: "b", avant: 0, apres: 2, requis: 2 },
      { eventType: "ObjectifComplete", objectifId: "b", restants: 1 },
      { eventType: "ObjectifProgresse", objectifId: "c", avant: 0, apres: 3, requis: 9 },
    ]);
  });

  test("[GOAL-1] what no quest asks for is accepted, without an event", () => {
    expect(when(born(), kills(5))).toMatchObject({ code: undefined, types: [] });
  });

  test("[GOAL-2] never over what is required", () => {
    const { state, events } = when(given(born(), accept(1)), kills(1_000_000));
    expect(payloads(events, "ObjectifProgresse")).toMatchObject([{ avant: 0, apres: 2, requis: 2 }]);
    expect(state.quetes.ouvertes[qid(1)]?.progres).toEqual([2]);
    expect(when(state, kills(1)).types).toEqual([]);
  });

  test("[GOAL-3] a named target counts alone; a fact that names none counts for unnamed ones only", () => {
    const state = given(
      born(),
      accept(1, { objectifs: [{ objectifId: "o", type: "TUER", cible: nid(1), requis: 9 }] }),
    );
    expect(when(state, kills(1, nid(2))).types).toEqual([]);
    expect(when(state, kills(1)).types).toEqual([]);
    expect(when(state, kills(1, nid(1))).types).toEqual(["ObjectifProgresse"]);
  });

  test("[GOAL-4] NIVEAU is the level that was reached, not a sum", () => {
    const level = (quantite: number) =>
      ({ type: "ProgresserObjectifs", faits: [{ type: "NIVEAU", quantite }], reference: "r" }) as const;
    const state = given(born(), accept(1, { objectifs: [{ objectifId: "o", type: "NIVEAU", requis: 5 }] }), level(3));
    expect(state.quetes.ouvertes[qid(1)]?.progres).toEqual([3]);
    expect(when(state, level(2)).types).toEqual([]);
    expect(given(state, level(4)).quetes.ouvertes[qid(1)]?.progres).toEqual([4]);
  });

  test("[GOAL-7] the level and the skills that one has count as the quest is accepted", () => {
    const state = given(born({ niveau: 7, pointsCompetence: 1 }), learn(1));
    const objectifs = [
      { objectifId: "n", type: "NIVEAU", requis: 5 },
      { objectifId: "s", type: "APPRENDRE", cible: sid(1), requis: 1 },
      { objectifId: "t", type: "APPRENDRE", cible: sid(2), requis: 1 },
    ] as const;
    const { types, state: after } = when(state, accept(1, { objectifs: [...objectifs] }));
    expect(types).toEqual([
      "QueteAcceptee",
      "ObjectifProgresse",
      "ObjectifComplete",
      "ObjectifProgresse",
      "ObjectifComplete",
    ]);
    expect(after.quetes.ouvertes[qid(1)]?.progres).toEqual([5, 1, 0]);
  });
});
