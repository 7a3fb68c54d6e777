import { expect, test } from "vitest";
import type { TypeObjectif } from "../../../domain/catalogue/definitions.ts";
import { giveItem } from "../../../domain/player/carrying.ts";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { openDraft } from "../../../domain/player/draft.ts";
import { sourceItem } from "../../../domain/player/inventaire.ts";
import { progressQuests } from "../../../domain/player/progress.ts";
import type { PlayerState } from "../../../domain/player/state.ts";
import {
  accept,
  born,
  finish,
  given,
  type ItemInput,
  iid,
  item,
  kills,
  known,
  learn,
  nid,
  payloads,
  qid,
  receive,
  sid,
  talk,
  when,
} from "./life-helper.ts";

const asks = (n: number, type: TypeObjectif, cible: string | undefined, requis: number): PlayerCommand =>
  accept(n, { objectifs: [{ objectifId: "o", type, requis, ...(cible === undefined ? {} : { cible }) }] });

const progressOf = (state: PlayerState, n: number) => state.quetes.ouvertes[qid(n)]?.progres[0];

const slotOf = (state: PlayerState, n: number): string => {
  const slot = Object.values(state.inventaire.slots).find((one) => one.itemId === iid(n));
  if (slot === undefined) throw new Error(`item ${n} is not carried`);
  return slot.slotId;
};

test("[GOAL-5] what the player is given counts in the same decision", () => {
  const { types, events, state } = when(given(born(), asks(1, "COLLECTER", iid(1), 5)), receive(1, 5));
  expect(types).toEqual(["ItemAjoute", "ObjectifProgresse", "ObjectifComplete"]);
  expect(payloads(events, "ObjectifProgresse")).toMatchObject([{ avant: 0, apres: 5, reference: "ItemAjoute" }]);
  expect(state.quetes.ouvertes[qid(1)]).toBeDefined();
});

test("[GOAL-5] several slots are one progress", () => {
  const apart = { empilable: false, stackMax: 1 };
  const { types } = when(given(born(), asks(1, "COLLECTER", iid(1), 9)), receive(1, 3, apart));
  expect(types).toEqual(["ItemAjoute", "ItemAjoute", "ItemAjoute", "ObjectifProgresse"]);
});

test("[GOAL-5] using and wearing", () => {
  const potion: ItemInput = { typeItem: "CONSOMMABLE", effets: [{ type: "EXPERIENCE", montant: 1 }] };
  const hat: ItemInput = { emplacements: ["TETE"] };
  const state = given(
    born(),
    receive(1, 3, potion),
    receive(2, 1, hat),
    asks(1, "UTILISER", iid(1), 9),
    asks(2, "EQUIPER", undefined, 9),
  );
  const after = given(
    state,
    { type: "UtiliserItem", slotId: slotOf(state, 1), quantite: 2 },
    { type: "EquiperItem", slotId: slotOf(state, 2) },
  );
  expect([progressOf(after, 1), progressOf(after, 2)]).toEqual([2, 1]);
});

test("[GOAL-5] what a combat used up counts as used, as the combat is left", () => {
  const state = given(born(), receive(1, 3), asks(1, "UTILISER", iid(1), 9), {
    type: "EngagerCombat",
    combatId: qid(50),
    typeCombat: "PVE",
  });
  const after = given(state, {
    type: "CloturerCombat",
    combatId: qid(50),
    resultat: "VICTOIRE",
    objetsUtilises: { [iid(1)]: 2 },
    experience: 0,
    or: 0,
    objets: [],
    definitions: known({}),
  });
  expect(progressOf(after, 1)).toBe(2);
});

test("[GOAL-5] talking and learning", () => {
  const state = given(
    born({ pointsCompetence: 5 }),
    asks(1, "PARLER", nid(1), 9),
    asks(2, "APPRENDRE", sid(2), 1),
    talk(1),
    talk(2),
    talk(1),
    learn(1),
  );
  expect([progressOf(state, 1), progressOf(state, 2)]).toEqual([2, 0]);
  expect(progressOf(given(state, learn(2)), 2)).toBe(1);
});

test("[GOAL-5] the levels and items that a reward brings count towards other quests, which stay open", () => {
  const rich = { recompenses: { experience: 5_000, objets: [{ itemId: iid(1), quantite: 2 }] } };
  const state = given(
    born(),
    accept(1, rich),
    kills(2),
    asks(2, "NIVEAU", undefined, 3),
    asks(3, "COLLECTER", iid(1), 2),
  );
  const after = given(state, finish(1, { [iid(1)]: {} }));
  expect([progressOf(after, 2), progressOf(after, 3)]).toEqual([3, 2]);
});

test.each(sourceItem.options)("[GOAL-6] what comes as %s", (source) => {
  const draft = openDraft(given(born(), asks(1, "COLLECTER", undefined, 9)), 0);
  giveItem(draft, { itemId: iid(1), definition: item(), quantite: 1, source, reference: "r", force: true });
  progressQuests(draft);
  const kept = ["MARCHE", "RETOUR", "ECHANGE", "DIVISION", "EMPILEMENT"].includes(source);
  expect(progressOf(draft.state, 1)).toBe(kept ? 0 : 1);
});

test("[GOAL-6] what only moves within the inventory", () => {
  const state = given(born(), receive(1, 4), asks(1, "COLLECTER", undefined, 9));
  const split = given(state, { type: "DiviserPile", slotId: slotOf(state, 1), quantite: 2 });
  expect(progressOf(split, 1)).toBe(0);
});
