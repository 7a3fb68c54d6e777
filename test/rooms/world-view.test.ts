import { Decoder, Encoder } from "@colyseus/schema";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { WorldCommand } from "../../domain/world/commands.ts";
import type { WorldState } from "../../domain/world/state.ts";
import { world } from "../../domain/world/world.ts";
import { projectWorld, WorldView } from "../../rooms/world-view.ts";
import { contribute, defeat, discover, gather, given, rid, trigger, vid, when, zid } from "../domain/world/helper.ts";

function shown(state: WorldState): unknown {
  const view = new WorldView();
  projectWorld(view, state, undefined);
  return view.toJSON();
}

/** What a client has that was there from the beginning. */
function follower() {
  const view = new WorldView();
  const encoder = new Encoder(view);
  const client = new WorldView();
  const decoder = new Decoder(client);
  let before: WorldState | undefined;
  return (state: WorldState): { readonly seen: unknown; readonly bytes: number } => {
    projectWorld(view, state, before);
    const bytes = before === undefined ? encoder.encodeAll() : encoder.encode();
    decoder.decode(bytes);
    encoder.discardChanges();
    before = state;
    return { seen: client.toJSON(), bytes: bytes.length };
  };
}

test("[WORLD-21] shows the time, the zones, what grows in them, and what is under way", () => {
  const state = given(discover(1), gather(1, 30), trigger(1), contribute(1, 1, 3), defeat(1, [1]));
  expect(shown(state)).toMatchObject({
    version: state.version,
    heure: 8,
    saison: "PRINTEMPS",
    facteurRecolte: 120,
    zones: { [zid(1)]: { nom: "Bois", nombreDecouvreurs: 1, premierPseudo: "P1" }, [zid(2)]: { premierPseudo: "" } },
    ressources: { [rid(1)]: { quantite: 70, capacite: 100 } },
    evenements: { [vid(1)]: { progres: 3, objectif: 10, contributeurs: 1 } },
  });
});

test("[WORLD-21] a follower of the changes sees the same as one who comes late, for few bytes", () => {
  const commands: WorldCommand[] = [
    discover(1),
    trigger(1),
    gather(1, 4),
    contribute(1, 2, 3),
    discover(2),
    defeat(1, [1]),
    gather(1, 5),
    { type: "PasserHeure" },
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...commands), { maxLength: 30 }), (list) => {
      const follow = follower();
      let state = given();
      follow(state);
      for (const command of list) {
        state = when(state, command, state.version * 7_000).state;
        expect(follow(state).seen).toEqual(shown(state));
      }
    }),
  );
  const follow = follower();
  const state = given(discover(1));
  const whole = follow(state).bytes;
  expect(follow(when(state, gather(1, 1)).state).bytes).toBeLessThan(whole / 10);
  expect(world.type).toBe("WorldState");
});
