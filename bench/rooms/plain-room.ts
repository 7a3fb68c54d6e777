import { type Client, Room } from "@colyseus/core";
import { combat } from "../../domain/combat/combat.ts";
import type { CombatDefinition } from "../../domain/combat/definition.ts";
import { initialCombat } from "../../domain/combat/state.ts";
import { CombatView, projectCombat } from "../../rooms/combat-view.ts";

interface Attack {
  readonly commandId: string;
  readonly cibles: readonly [string];
}

/**
 * The peer: the same state in a plain Colyseus room, changed in place and broadcast at once. No rules, no events, no
 * database, nothing survives; just what a tutorial would do with an attack.
 */
export function createPlainRoom(definitions: ReadonlyMap<string, CombatDefinition>) {
  return class PlainRoom extends Room<{ state: CombatView }> {
    override autoDispose = false;
    override patchRate = 2_147_483_647;
    override messages = {
      command: (_client: Client, { commandId, cibles: [cible] }: Attack) => this.#attack(commandId, cible),
    };

    override onCreate({ combatId }: { combatId: string }): void {
      const definition = definitions.get(combatId);
      if (definition === undefined) throw new Error("no such combat");
      const decision = combat.decide(
        initialCombat,
        { type: "PreparerCombat", combatId, definition },
        { now: Date.now() },
      );
      if (!decision.ok) throw new Error(decision.rejection.message);
      this.state = new CombatView();
      projectCombat(
        this.state,
        decision.events.reduce((state, event) => combat.evolve(state, event), initialCombat),
        undefined,
      );
    }

    #attack(commandId: string, cible: string) {
      const { state } = this;
      const target = state.participants.get(cible);
      if (target === undefined) return { ok: false, code: "INVALID_TARGET" };
      const damage = 1;
      // First, so that it comes first in the patch.
      state.version += 3;
      target.hpActuel -= damage;
      state.tourActuel += 1;
      const next = (state.ordreTour.indexOf(state.participantActifId) + 1) % state.ordreTour.length;
      const line = state.journal.at(0);
      if (line !== undefined && state.journal.length >= 20) state.journal.shift();
      if (line !== undefined) {
        const added = line.clone();
        added.assign({
          version: state.version,
          numeroTour: state.tourActuel,
          acteurId: state.participantActifId,
          cibleId: cible,
          valeur: damage,
        });
        state.journal.push(added);
      }
      state.participantActifId = state.ordreTour[next] ?? "";
      state.echeance = new Date(Date.now() + 30_000).toISOString();
      this.broadcastPatch();
      return {
        ok: true,
        version: state.version,
        sequence: 0,
        events: [{ eventType: "DegatsInfliges", commandId, payload: { cible, degatsFinaux: damage } }],
      };
    }
  };
}
