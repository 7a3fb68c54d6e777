import { describe, expect, test } from "vitest";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { wireExchangeCommand } from "../../../domain/player/exchange-commands.ts";
import { EXCHANGE_LASTS_MS } from "../../../domain/player/negotiation.ts";
import {
  ANN,
  all,
  BOB,
  CARL,
  exchangeOf,
  offered,
  type Players,
  pair,
  perform,
  played,
  playerNamed,
  type Step,
  slotWith,
  stateOf,
  wealth,
  xid,
} from "./exchange-helper.ts";
import { given, type ItemInput, iid, receive } from "./life-helper.ts";

const OPEN: Step = { type: "OuvrirEchange" };
const CONFIRM: Step = { type: "ConfirmerEchange" };
const CANCEL: Step = { type: "AnnulerEchange" };
const SWORD: ItemInput = { typeItem: "ARME", empilable: false, emplacements: ["ARME_PRINCIPALE"], valeurOr: 1 };
const gold = (delta: number): PlayerCommand => ({ type: "ModifierOr", delta, raison: "AUTRE", reference: "test" });
const engage: PlayerCommand = { type: "EngagerCombat", combatId: xid(77), typeCombat: "ARENE" };

function having(players: Players, joueurId: string, ...commands: PlayerCommand[]): Players {
  return { ...players, [joueurId]: given(stateOf(players, joueurId), ...commands) };
}

function goldOffer(or: number): Step {
  return { type: "ModifierOffre", offre: { or, objets: [] } };
}

function goods(players: Players, joueurId: string, itemNumber: number, quantite: number, nth = 0): Step {
  const objets = [offered(slotWith(players, joueurId, itemNumber, nth), quantite)];
  return { type: "ModifierOffre", offre: { or: 0, objets } };
}

/** Ann has potions (1), Bob has gold; an exchange is open. */
function begun(): Players {
  return played(having(having(pair(), ANN, receive(1, 5)), BOB, gold(100)), [ANN, OPEN]);
}

function agreed(): Players {
  const players = begun();
  return played(players, [ANN, goods(players, ANN, 1, 3)], [BOB, goldOffer(40)]);
}

describe("conclusion", () => {
  test("[TRADE-1] all that is given goes and all that is received comes", () => {
    const players = played(agreed(), [ANN, CONFIRM]);
    const result = perform(players, BOB, CONFIRM);
    expect(result.code).toBeUndefined();
    const ann = result.events[ANN];
    const bob = result.events[BOB];
    expect(ann?.map((event) => event.eventType)).toEqual([
      "EchangeConfirme",
      "ItemEchange",
      "OrModifie",
      "ItemRetire",
      "EchangeFerme",
    ]);
    const [mine] = all(ann, "ItemEchange");
    const [theirs] = all(bob, "ItemEchange");
    expect(mine).toMatchObject({ avec: BOB, pseudoAvec: "Bob", or: 40, recus: [] });
    expect(theirs).toMatchObject({ avec: ANN, pseudoAvec: "Ann", or: -40, donnes: [] });
    expect(mine?.donnes).toEqual(theirs?.recus);
    expect(all(bob, "EchangeFerme")).toMatchObject([{ issue: "CONCLU", par: BOB, avec: ANN }]);
    expect([stateOf(result.players, ANN).joueur.or, stateOf(result.players, BOB).joueur.or]).toEqual([40, 60]);
    expect(slotWith(result.players, BOB, 1).quantite).toBe(3);
    expect(stateOf(result.players, ANN).joueur.echange).toBeNull();
    expect(stateOf(result.players, BOB).joueur.echange).toBeNull();
  });

  test("[TRADE-1] nothing is paid with what is received, and gold has its bound", () => {
    const both = played(having(begun(), ANN, gold(10)), [BOB, goldOffer(50)], [ANN, goldOffer(10)]);
    const poor = having(played(both, [BOB, CONFIRM]), ANN, gold(-1));
    expect(perform(poor, ANN, CONFIRM).code).toBe("NOT_ENOUGH_GOLD");
    const rich = having(played(both, [BOB, CONFIRM]), ANN, gold(1_999_999_990));
    expect(perform(rich, ANN, CONFIRM).code).toBe("GOLD_FULL");
  });

  test("[TRADE-2] only what is tradeable and not worn; a piece stays what it is", () => {
    const start = having(begun(), ANN, gold(50), receive(2, 1, SWORD), receive(3, 1, { echangeable: false }));
    expect(perform(start, ANN, goods(start, ANN, 3, 1)).code).toBe("NOT_TRADEABLE");
    const sword = slotWith(start, ANN, 2).slotId;
    const worn = having(start, ANN, { type: "EquiperItem", slotId: sword });
    expect(perform(worn, ANN, goods(worn, ANN, 2, 1)).code).toBe("ITEM_WORN");
    const improved = having(start, ANN, { type: "AmeliorerEquipement", slotId: sword });
    const done = played(improved, [ANN, goods(improved, ANN, 2, 1)], [ANN, CONFIRM], [BOB, CONFIRM]);
    expect(slotWith(done, BOB, 2).proprietes.amelioration).toBe(1);
    expect(wealth(done)).toEqual(wealth(improved));
  });

  test("[TRADE-3] not with oneself, not with nobody, and not of nothing", () => {
    expect(perform(pair(), ANN, { type: "OuvrirEchange", avec: ANN }).code).toBe("SELF_EXCHANGE");
    const nobody = perform(pair(), ANN, { type: "OuvrirEchange", avec: CARL });
    expect(nobody).toMatchObject({
      code: "PLAYER_NOT_FOUND",
      message: "for the other player: there is no such player",
    });
    expect(perform(begun(), ANN, CONFIRM).code).toBe("EMPTY_EXCHANGE");
    const emptied = played(begun(), [BOB, goldOffer(1)], [BOB, goldOffer(0)]);
    expect(perform(emptied, ANN, CONFIRM).code).toBe("EMPTY_EXCHANGE");
  });
});

describe("opening", () => {
  test("[TRADE-4] it is in both players' streams, and each is in one exchange at most", () => {
    const { players, events } = perform(pair(), ANN, OPEN, 1_000);
    expect(events[ANN]).toEqual([
      {
        eventType: "EchangeOuvert",
        payload: {
          joueurId: ANN,
          echangeId: xid(1),
          par: ANN,
          avec: BOB,
          pseudoAvec: "Bob",
          revision: 1_000,
          expireA: "1970-01-01T00:05:01.000Z",
          a: "1970-01-01T00:00:01.000Z",
        },
      },
    ]);
    expect(events[BOB]).toMatchObject([{ payload: { joueurId: BOB, par: ANN, avec: ANN, pseudoAvec: "Ann" } }]);
    const three = { ...players, [CARL]: playerNamed(CARL, "Carl") };
    expect(perform(three, BOB, OPEN, 2_000, xid(2)).code).toBe("EXCHANGE_UNDER_WAY");
    const refused = perform(three, CARL, { type: "OuvrirEchange", avec: BOB }, 2_000, xid(2));
    expect(refused).toMatchObject({ code: "EXCHANGE_UNDER_WAY", events: {} });
    expect(refused.message).toMatch(/^for the other player: /);
  });

  test("[TRADE-4] nobody opens, offers or confirms in a combat; to cancel is always possible", () => {
    expect(perform(having(pair(), ANN, engage), ANN, OPEN).code).toBe("IN_COMBAT");
    expect(perform(having(pair(), BOB, engage), ANN, OPEN).code).toBe("IN_COMBAT");
    const fighting = having(agreed(), BOB, engage);
    for (const step of [CONFIRM, goldOffer(0)]) expect(perform(fighting, ANN, step).code).toBe("IN_COMBAT");
    expect(perform(fighting, BOB, CANCEL).code).toBeUndefined();
  });

  test("[TRADE-5] five minutes after its last step it is over, and gives way to another", () => {
    const opened = perform(having(pair(), BOB, gold(9)), ANN, OPEN, 0).players;
    const offer = perform(opened, BOB, goldOffer(9), EXCHANGE_LASTS_MS - 1);
    expect(offer.code).toBeUndefined();
    const late = EXCHANGE_LASTS_MS - 1 + EXCHANGE_LASTS_MS;
    expect(perform(offer.players, ANN, CONFIRM, late - 1).code).toBeUndefined();
    for (const step of [CONFIRM, goldOffer(0), CANCEL])
      expect(perform(offer.players, ANN, step, late).code).toBe("NO_EXCHANGE");
    const again = perform(offer.players, BOB, OPEN, late, xid(2));
    expect(again.events[ANN]?.map((event) => event.eventType)).toEqual(["EchangeFerme", "EchangeOuvert"]);
    expect(all(again.events[ANN], "EchangeFerme")).toMatchObject([{ echangeId: xid(1), issue: "EXPIRE", par: null }]);
    expect(exchangeOf(again.players, ANN)).toMatchObject({ echangeId: xid(2), ouvertPar: BOB });
  });

  test("[TRADE-5] who has let it lapse and moved on is not drawn back", () => {
    const opened = { ...perform(pair(), ANN, OPEN, 0).players, [CARL]: playerNamed(CARL, "Carl") };
    const now = EXCHANGE_LASTS_MS;
    const moved = perform(opened, ANN, { type: "OuvrirEchange", avec: CARL }, now, xid(2)).players;
    expect(exchangeOf(moved, BOB).echangeId).toBe(xid(1));
    // Bob's clock is behind.
    expect(perform(moved, BOB, goldOffer(0), now - 1).code).toBe("NO_EXCHANGE");
  });
});

describe("offers", () => {
  test("[TRADE-6] who offers has it: gold, pieces, as many of a slot as there are", () => {
    const players = begun();
    expect(perform(players, BOB, goldOffer(101)).code).toBe("NOT_ENOUGH_GOLD");
    expect(perform(players, ANN, goods(players, ANN, 1, 6)).code).toBe("NOT_ENOUGH_ITEMS");
    const slot = slotWith(players, ANN, 1);
    const twice: Step = { type: "ModifierOffre", offre: { or: 0, objets: [offered(slot, 3), offered(slot, 3)] } };
    expect(perform(players, ANN, twice).code).toBe("NOT_ENOUGH_ITEMS");
    expect(perform(players, BOB, goods(players, ANN, 1, 1)).code).toBe("UNKNOWN_SLOT");
    const other = { ...offered(slot, 1), proprietes: { ...slot.proprietes, valeurOr: 1_000 } };
    expect(perform(players, ANN, { type: "ModifierOffre", offre: { or: 0, objets: [other] } }).code).toBe(
      "ITEM_CHANGED",
    );
    const split: Step = { type: "ModifierOffre", offre: { or: 0, objets: [offered(slot, 2), offered(slot, 3)] } };
    const done = played(players, [ANN, split], [ANN, CONFIRM], [BOB, CONFIRM]);
    expect(slotWith(done, BOB, 1).quantite).toBe(5);
  });

  test("[TRADE-6] both see it; it takes back both confirmations and raises the revision", () => {
    const players = agreed();
    const { revision } = exchangeOf(players, ANN);
    expect(revision).toBe(2);
    const confirmed = played(players, [ANN, CONFIRM]);
    expect(exchangeOf(confirmed, BOB)).toMatchObject({ mienne: { or: 40 }, sienne: { confirmee: true } });
    const { players: changed, events } = perform(confirmed, BOB, goldOffer(39));
    expect(events[ANN]).toMatchObject([{ payload: { par: BOB, offre: { or: 39 }, revision: 3 } }]);
    for (const id of [ANN, BOB])
      expect(exchangeOf(changed, id)).toMatchObject({ mienne: { confirmee: false }, sienne: { confirmee: false } });
    expect(exchangeOf(changed, ANN).sienne).toEqual(exchangeOf(changed, BOB).mienne);
  });

  test("[TRADE-7] only the current revision is confirmed, and a later exchange has none of an earlier one", () => {
    const players = agreed();
    expect(perform(players, ANN, { type: "ConfirmerEchange", revision: 1 }).code).toBe("STALE_OFFER");
    expect(perform(players, ANN, { type: "ConfirmerEchange", revision: 3 }).code).toBe("STALE_OFFER");
    const next = perform(played(players, [BOB, CANCEL]), BOB, OPEN, 60_000, xid(2)).players;
    expect(exchangeOf(next, ANN).revision).toBeGreaterThan(2);
  });

  test("[TRADE-7] to confirm twice changes nothing, and does not stand for the other", () => {
    const once = played(agreed(), [ANN, CONFIRM]);
    const twice = perform(once, ANN, CONFIRM);
    expect(twice).toMatchObject({ code: undefined, events: { [ANN]: [], [BOB]: [] } });
  });
});

describe("what stands in the way", () => {
  test("[TRADE-8] a side that cannot give any more refuses, and nothing happens on either", () => {
    const players = played(agreed(), [ANN, CONFIRM]);
    const { slotId } = slotWith(players, ANN, 1);
    const cases: [Players, string][] = [
      [having(players, BOB, gold(-61)), "NOT_ENOUGH_GOLD"],
      [having(players, ANN, { type: "JeterItem", slotId, quantite: 3 }), "NOT_ENOUGH_ITEMS"],
      [having(players, ANN, { type: "JeterItem", slotId, quantite: 5 }), "UNKNOWN_SLOT"],
    ];
    for (const [changed, code] of cases) {
      const refused = perform(changed, BOB, CONFIRM);
      expect(refused).toMatchObject({ code, events: {} });
      expect(refused.players).toBe(changed);
    }
  });

  test("[TRADE-8] a piece that is no longer what was offered is not given", () => {
    const start = having(begun(), ANN, gold(50), receive(2, 1, SWORD));
    const players = played(start, [ANN, goods(start, ANN, 2, 1)], [ANN, CONFIRM]);
    const { slotId } = slotWith(players, ANN, 2);
    const improved = having(players, ANN, { type: "AmeliorerEquipement", slotId });
    expect(perform(improved, BOB, CONFIRM).code).toBe("ITEM_CHANGED");
    const worn = having(players, ANN, { type: "EquiperItem", slotId });
    expect(perform(worn, BOB, CONFIRM).code).toBe("ITEM_WORN");
  });

  test("[TRADE-8] what comes must have a place and be carried, after what goes has gone", () => {
    const heavy = having(begun(), ANN, receive(4, 1, { poids: 600 }));
    const laden = having(heavy, BOB, receive(5, 1, { poids: 500 }));
    const offer = played(laden, [ANN, goods(laden, ANN, 4, 1)]);
    expect(perform(played(offer, [BOB, CONFIRM]), ANN, CONFIRM).code).toBe("TOO_HEAVY");
    expect(perform(played(offer, [ANN, CONFIRM]), BOB, CONFIRM).code).toBe("TOO_HEAVY");
    const swapped = played(offer, [BOB, goods(laden, BOB, 5, 1)], [BOB, CONFIRM]);
    expect(perform(swapped, ANN, CONFIRM).code).toBeUndefined();
    const full = having(begun(), BOB, receive(2, 50, SWORD));
    const crowded = played(full, [ANN, goods(full, ANN, 1, 1)], [ANN, CONFIRM]);
    expect(perform(crowded, BOB, CONFIRM).code).toBe("INVENTORY_FULL");
  });
});

test("[TRADE-9] either cancels, for both", () => {
  for (const par of [ANN, BOB]) {
    const { players, events } = perform(agreed(), par, CANCEL);
    for (const id of [ANN, BOB]) {
      expect(all(events[id], "EchangeFerme")).toMatchObject([{ joueurId: id, issue: "ANNULE", par }]);
      expect(stateOf(players, id).joueur.echange).toBeNull();
    }
    expect(perform(players, par, CANCEL, 0, xid(1)).code).toBe("NO_EXCHANGE");
  }
});

test("[TRADE-9] who is no part of it has no say", () => {
  const three = { ...agreed(), [CARL]: playerNamed(CARL, "Carl") };
  for (const step of [CONFIRM, CANCEL, goldOffer(0)])
    expect(perform(three, CARL, step, 0, xid(1)).code).toBe("NO_EXCHANGE");
});

test("[TRADE-6] numbers and ids of no use are refused by the form of the message", () => {
  const offers = (or: unknown, quantite: unknown, slotId: unknown = xid(1)) =>
    wireExchangeCommand.safeParse({ type: "ProposerOffre", or, objets: [{ slotId, quantite }] }).success;
  expect(offers(1, 1)).toBe(true);
  for (const n of [-1, 0.5, 2 ** 31, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, "1"]) {
    expect(offers(n, 1)).toBe(false);
    expect(offers(1, n)).toBe(false);
  }
  expect(offers(1, 0)).toBe(false);
  expect(offers(1, 1, "x")).toBe(false);
  const many = Array.from({ length: 21 }, () => ({ slotId: xid(1), quantite: 1 }));
  expect(wireExchangeCommand.safeParse({ type: "ProposerOffre", or: 0, objets: many }).success).toBe(false);
  expect(wireExchangeCommand.safeParse({ type: "OuvrirEchange", avec: iid(1), par: iid(2) }).success).toBe(false);
  expect(wireExchangeCommand.safeParse({ type: "ConfirmerEchange" }).success).toBe(false);
});
