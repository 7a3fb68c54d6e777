import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { type PlayerCommand, playerCommand, wirePlayerCommand } from "../../../domain/player/commands.ts";
import { slotsInOrder } from "../../../domain/player/inventaire.ts";
import { maxStack } from "../../../domain/player/item-instance.ts";
import { MAX_GOLD } from "../../../domain/player/joueur.ts";
import { player } from "../../../domain/player/player.ts";
import { PLAYER_REJECTIONS } from "../../../domain/player/rejections.ts";
import { PART_TYPES, type PlayerEvent, type PlayerState, partOf } from "../../../domain/player/state.ts";
import { totalStats } from "../../../domain/player/stats.ts";
import { currentVitals } from "../../../domain/player/vitals.ts";
import { commandOf, type Gesture, gesture } from "./core-arbitrary.ts";
import { all, creation, gift, gold } from "./core-helper.ts";
import { PLAYER_ID } from "./life-helper.ts";

// Only for machines under load: alone, none of them takes more than a few seconds.
vi.setConfig({ testTimeout: 120_000 });

interface Step {
  readonly before: PlayerState;
  readonly command: PlayerCommand;
  readonly now: number;
  readonly events: readonly PlayerEvent[];
  readonly after: PlayerState;
  readonly code: string | undefined;
}

/** Something of most things, so that there is enough to do from the beginning. */
const BEGINNING: readonly PlayerCommand[] = [
  creation(),
  gold(50_000),
  gift(["titan", 2], ["nectar", 2]),
  gift(["potion", 25], ["sword", 2], ["ring", 3], ["plate", 1], ["rune", 6], ["elixir", 3], ["bag", 1], ["relic", 4]),
];

function play(gestures: readonly Gesture[], watch: (step: Step) => void = () => undefined): PlayerState {
  let state = player.initial;
  for (let n = -BEGINNING.length; n < gestures.length; n++) {
    const next = gestures[n];
    const command = next === undefined ? BEGINNING[n + BEGINNING.length] : commandOf(state, next);
    if (command === undefined) throw new Error("no command");
    const now = (n + BEGINNING.length) * 7_000;
    const decision = player.decide(state, command, { now });
    const events = decision.ok ? decision.events : [];
    const after = events.reduce(player.evolve, state);
    watch({ before: state, command, now, events, after, code: decision.ok ? undefined : decision.rejection.code });
    state = after;
  }
  return state;
}

// Without shrinking: with hundreds of commands to leave out it goes on for minutes. The seed in the message repeats the case.
const played = (runs: number, length: number, watch: (step: Step) => void, seed?: number) =>
  fc.assert(
    fc.property(fc.array(gesture, { minLength: length, maxLength: length, size: "max" }), (gestures) => {
      play(gestures, watch);
    }),
    { numRuns: runs, endOnFailure: true, ...(seed !== undefined && { seed }) },
  );

/** As a JSONB column gives it back: other key order, no undefined. */
function stored<Value>(value: Value): Value {
  const turned = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(turned);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part)
        .reverse()
        .map(([key, inner]) => [key, turned(inner)]),
    );
  };
  return JSON.parse(JSON.stringify(turned(value))) as Value;
}

function pieces(state: PlayerState): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { itemId, quantite } of Object.values(state.inventaire.slots)) sum[itemId] = (sum[itemId] ?? 0) + quantite;
  return sum;
}

describe("whatever is commanded", () => {
  test("all commands are accepted at some time, and no refusal is without a code", () => {
    const accepted = new Set<string>();
    const refused = new Set<string>();
    // What is rare does not come in every run, so this one is always the same.
    const watch = ({ command, code }: Step): void => {
      if (code === undefined) accepted.add(command.type);
      else refused.add(code);
    };
    played(60, 200, watch, 5);
    expect([...refused].filter((code) => !(code in PLAYER_REJECTIONS))).toEqual([]);
    expect(accepted.size).toBeGreaterThanOrEqual(23);
    expect(refused.size).toBeGreaterThanOrEqual(20);
  });

  test("[BAG-1] [BAG-2] [PURSE-1] nothing is negative, no pile too high, no place taken twice, and the weight is that of the things", () => {
    played(80, 150, ({ after, now }) => {
      const slots = slotsInOrder(after.inventaire);
      expect(new Set(slots.map((one) => one.position)).size).toBe(slots.length);
      for (const { quantite, proprietes, position, emplacement } of slots) {
        if (quantite < 1 || quantite > maxStack(proprietes) || position < 0) throw new Error("a pile is wrong");
        if (emplacement !== null && !proprietes.emplacements.includes(emplacement)) throw new Error("worn wrongly");
      }
      const worn = slots.flatMap((one) => (one.emplacement === null ? [] : [one.emplacement]));
      expect(new Set(worn).size).toBe(worn.length);
      expect(after.inventaire.poidsActuel).toBe(
        slots.reduce((sum, one) => sum + one.quantite * one.proprietes.poids, 0),
      );
      expect(after.joueur.or).toBeGreaterThanOrEqual(0);
      expect(after.joueur.or).toBeLessThanOrEqual(MAX_GOLD);
      const { hpMax, mpMax, staminaMax } = totalStats(after, now);
      const { hpActuel, mpActuel, staminaActuel } = currentVitals(after, now);
      if (hpActuel < 0 || hpActuel > hpMax || mpActuel < 0 || mpActuel > mpMax) throw new Error("vitals");
      if (staminaActuel < 0 || staminaActuel > staminaMax) throw new Error("stamina");
    });
  });

  test("[BAG-4] no player makes the inventory fuller or heavier than it may be", () => {
    const owed = new Set<PlayerCommand["type"]>(["RecevoirItems", "CloturerCombat", "ReglerOrdre", "TerminerQuete"]);
    played(80, 150, ({ before, command, after }) => {
      if (owed.has(command.type)) return;
      const count = (state: PlayerState) => Object.keys(state.inventaire.slots).length;
      if (count(after) > Math.max(count(before), after.inventaire.capacite)) throw new Error("too full");
      const most = Math.max(before.inventaire.poidsActuel, after.inventaire.poidsMax);
      if (after.inventaire.poidsActuel > most) throw new Error("too heavy");
    });
  });

  test("items are conserved: what is there is what was there, what came and what went", () => {
    played(80, 150, ({ before, command, events, after }) => {
      const expected = pieces(before);
      const add = (itemId: string, delta: number) => {
        expected[itemId] = (expected[itemId] ?? 0) + delta;
        if (expected[itemId] === 0) delete expected[itemId];
      };
      for (const one of all(events, "ItemAjoute")) add(one.itemId, one.quantite);
      for (const one of all(events, "ItemRetire")) add(one.itemId, -one.quantite);
      for (const one of all(events, "ItemUtilise")) add(one.itemId, -one.quantite);
      expect(pieces(after)).toEqual(expected);
      const within =
        command.type === "DiviserPile" || command.type === "EmpilerItems" || command.type === "DeplacerItem";
      if (within) expect(pieces(after)).toEqual(pieces(before));
    });
  });

  test("gold is conserved: each event's balance is the one before and its delta, and says where it went", () => {
    played(80, 150, ({ before, command, events, after, code }) => {
      let or = before.joueur.or;
      for (const { delta, solde } of all(events, "OrModifie")) {
        or += delta;
        expect(solde).toBe(or);
      }
      expect(after.joueur.or).toBe(or);
      if (code !== undefined) return;
      const paid = before.joueur.or - after.joueur.or;
      if (command.type === "ReserverOrdre")
        expect(paid).toBe(command.typeOrdre === "ACHAT" ? command.quantite * command.prixUnitaire : 0);
    });
  });

  test("an order sets aside exactly what it says", () => {
    played(80, 150, ({ before, command, events, after, code }) => {
      if (code !== undefined) return;
      const sum = (list: readonly { itemId: string; quantite: number }[]) => {
        const total: Record<string, number> = {};
        for (const one of list) total[one.itemId] = (total[one.itemId] ?? 0) + one.quantite;
        return total;
      };
      if (command.type === "ReserverOrdre") {
        const [order] = all(events, "OrdreReserve");
        expect(sum(order?.reserve.objets ?? [])).toEqual(sum(all(events, "ItemRetire")));
        expect(after.joueur.ordres[command.ordreId]).toBeDefined();
      }
      if (command.type === "ReglerOrdre")
        expect(sum([...all(events, "ItemAjoute"), ...all(events, "ItemPerdu")])).toEqual(sum(command.objets));
      if (before.joueur.combatId !== null && command.type === "ReserverOrdre") throw new Error("out of a combat");
    });
  });

  test("[FIGHT-3] what a combat took in is there until its end", () => {
    played(80, 150, ({ before, command, after }) => {
      if (before.joueur.combatId === null || command.type === "CloturerCombat") return;
      const [was, is] = [pieces(before), pieces(after)];
      for (const [itemId, quantite] of Object.entries(was)) expect(is[itemId] ?? 0).toBeGreaterThanOrEqual(quantite);
    });
  });
});

describe("replay", () => {
  test("[PLAYER-3] folding the stored events gives the live state, however the streams interleave", () => {
    fc.assert(
      fc.property(fc.array(gesture, { minLength: 150, maxLength: 150, size: "max" }), (gestures) => {
        const log: PlayerEvent[] = [];
        const live = play(gestures, ({ events }) => log.push(...events));
        expect(stored(log).reduce(player.evolve, player.initial)).toEqual(live);
        const byStream = PART_TYPES.flatMap((part) => log.filter((event) => partOf(event.eventType) === part));
        expect(byStream.reduce(player.evolve, player.initial)).toEqual(live);
        for (const part of PART_TYPES)
          expect(live.versions[part]).toBe(log.filter((event) => partOf(event.eventType) === part).length);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  test("events, commands and states keep to their schemas, word for word", () => {
    played(20, 120, ({ command, events, after }) => {
      expect(playerCommand.parse(command)).toEqual(command);
      for (const event of events)
        expect(player.events[event.eventType]?.schema.parse(event.payload)).toStrictEqual(stored(event.payload));
      if (events.length > 0) expect(player.snapshot.schema.parse(after)).toStrictEqual(stored(after));
    });
  });

  test("the same command gives the same events, also from a stored state", () => {
    played(30, 120, ({ before, command, now, events, code }) => {
      if (code !== undefined) return;
      expect(player.decide(stored(before), command, { now })).toEqual({ ok: true, events });
    });
  });

  test("folding never fails: events in any order, from anybody's life, leave a state", () => {
    fc.assert(
      fc.property(
        fc.array(gesture, { minLength: 60, maxLength: 60, size: "max" }),
        fc.infiniteStream(fc.nat()),
        (gestures, order) => {
          const log: PlayerEvent[] = [];
          play(gestures, ({ events }) => log.push(...events));
          let state = player.initial;
          for (const n of order.take(200)) {
            const event = log[n % log.length];
            if (event !== undefined) state = player.evolve(state, event);
          }
          expect(Object.values(player.parts?.versionsOf(state) ?? {}).reduce((sum, one) => sum + one, 0)).toBe(200);
          totalStats(state, 0);
          currentVitals(state, 0);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("states are never written to", () => {
    const freeze = (part: unknown): void => {
      if (typeof part !== "object" || part === null || Object.isFrozen(part)) return;
      Object.freeze(part);
      for (const inner of Object.values(part)) freeze(inner);
    };
    played(25, 120, ({ events, after }) => {
      freeze(events);
      freeze(after);
    });
  });
});

describe("from outside", () => {
  const NUMBERS = [-1, 0, 1.5, 10_000, 2 ** 31, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY];
  const slotId = PLAYER_ID;

  test("[BAG-9] [CLASS-2] numbers of no use are refused by the form of the command", () => {
    for (const n of NUMBERS) {
      for (const type of ["UtiliserItem", "DiviserPile", "JeterItem", "DetruireItem"])
        expect(wirePlayerCommand.safeParse({ type, slotId, quantite: n }).success).toBe(false);
      expect(wirePlayerCommand.safeParse({ type: "DepenserPoints", stats: { attaque: n } }).success).toBe(false);
    }
    for (const n of NUMBERS.filter((one) => one !== 0))
      expect(wirePlayerCommand.safeParse({ type: "DeplacerItem", slotId, position: n }).success).toBe(false);
  });

  test("anything that passes as a player's command is answered, whatever the state", () => {
    const types = wirePlayerCommand.options.map((one) => one.shape.type.value);
    const id = fc.constantFrom(PLAYER_ID, slotId);
    const value = fc.oneof(id, fc.integer({ min: -2, max: 10_000 }), fc.double(), fc.string(), fc.constant("MAGE"));
    const keys = [
      "slotId",
      "quantite",
      "position",
      "classe",
      "emplacement",
      "deSlotId",
      "versSlotId",
      "materiauSlotId",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...keys), value), (type, rest) => {
        const parsed = playerCommand.safeParse({ ...rest, type });
        if (!parsed.success) return;
        player.decide(play([]), parsed.data as PlayerCommand, { now: 0 });
        player.decide(player.initial, parsed.data as PlayerCommand, { now: 0 });
      }),
      { numRuns: 2_000 },
    );
  });
});
