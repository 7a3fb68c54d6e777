import { expect, test } from "vitest";
import type { PlayerState } from "../../domain/player/state.ts";
import { PlayerView, projectPlayer } from "../../rooms/player-view.ts";
import { gift, warrior } from "../domain/player/core-helper.ts";

function shown(state: PlayerState): unknown {
  const view = new PlayerView();
  projectPlayer(view, state, undefined);
  return view.toJSON();
}

/** The same value with the keys of every object the other way round, as jsonb may give it back. */
function turned<T>(value: T): T {
  if (Array.isArray(value)) return value.map(turned) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, turned(part)]),
  ) as T;
}

test("[ROOM-1] what is shown does not depend on the order of keys, which the database does not keep", () => {
  const state = warrior(gift(["sword", 1], ["potion", 7], ["stone", 2]));
  const offer = { or: 3, confirmee: false, objets: Object.values(state.inventaire.slots).map((slot) => ({ ...slot })) };
  const echange = {
    echangeId: "e",
    avec: "a",
    pseudoAvec: "A",
    ouvertPar: "a",
    revision: 1,
    expireA: "",
    sienne: offer,
  };
  const dealing = {
    ...state,
    joueur: { ...state.joueur, echange: { ...echange, mienne: { or: 0, confirmee: false, objets: [] } } },
  } as unknown as PlayerState;
  expect(Object.keys(state.inventaire.slots)).toHaveLength(3);
  expect(shown(turned(dealing))).toEqual(shown(dealing));
});
