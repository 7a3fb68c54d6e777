import { giveItem, takeFromSlot } from "./carrying.ts";
import type { CommandOf } from "./commands.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import { gainExperience } from "./experience.ts";
import { deliverGold } from "./gold.ts";
import { slotsInOrder } from "./inventaire.ts";
import { MAX_RATING } from "./joueur.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import { wearDown } from "./smithing.ts";
import { boundedVitals, currentVitals, setVitals } from "./vitals.ts";

/** [FIGHT-1], [FIGHT-2] */
export function engage(draft: Draft, command: CommandOf<"EngagerCombat">): PlayerRejectionCode | undefined {
  const { joueurId, combatId } = draft.state.joueur;
  if (combatId === command.combatId) return undefined;
  if (combatId !== null) return "IN_COMBAT";
  const vitaux = currentVitals(draft.state, draft.now);
  if (vitaux.hpActuel === 0) return "NO_HIT_POINTS";
  const { typeCombat } = command;
  emit(draft, {
    eventType: "CombatEngage",
    payload: { joueurId, combatId: command.combatId, typeCombat, vitaux, a: isoTime(draft.now) },
  });
  return undefined;
}

/** [FIGHT-5]: what the combat used up. What is there is taken, whatever the combat says beyond that. */
function takeUsed(draft: Draft, used: Readonly<Record<string, number>>, combatId: string): void {
  for (const [itemId, quantite] of Object.entries(used).sort(([one], [other]) => (one < other ? -1 : 1))) {
    let rest = quantite;
    for (const slot of slotsInOrder(draft.state.inventaire)) {
      if (rest === 0) break;
      if (slot.itemId !== itemId || slot.emplacement !== null) continue;
      const part = Math.min(rest, slot.quantite);
      takeFromSlot(draft, slot.slotId, part, "COMBAT", combatId);
      rest -= part;
    }
  }
}

/** [COTE-1] */
function rate(draft: Draft, delta: number, combatId: string): void {
  const { joueurId, cote: avant } = draft.state.joueur;
  const apres = Math.max(0, Math.min(MAX_RATING, avant + delta));
  if (apres !== avant) emit(draft, { eventType: "CoteModifiee", payload: { joueurId, avant, apres, combatId } });
}

/** [FIGHT-4] to [FIGHT-7] */
export function leaveCombat(draft: Draft, command: CommandOf<"CloturerCombat">): PlayerRejectionCode | undefined {
  const { joueurId, typeCombat } = draft.state.joueur;
  const { combatId, resultat, objets } = command;
  if (draft.state.joueur.combatId !== combatId || typeCombat === null) return "NOT_IN_COMBAT";
  const known = command.definitions.items;
  takeUsed(draft, command.objetsUtilises, combatId);
  if (command.vitaux !== undefined) setVitals(draft, command.vitaux, "COMBAT", combatId);
  for (const slot of slotsInOrder(draft.state.inventaire))
    if (slot.emplacement !== null) wearDown(draft, slot, resultat === "DEFAITE" ? 2 : 1, combatId);
  gainExperience(draft, command.experience, "COMBAT", combatId);
  deliverGold(draft, command.or, "COMBAT", combatId);
  for (const { itemId, quantite } of objets) {
    const definition = known[itemId];
    // What the catalogue no longer has cannot be given, and must not keep anybody in a combat.
    if (definition === undefined) continue;
    giveItem(draft, { itemId, definition, quantite, source: "COMBAT", reference: combatId, force: true });
  }
  rate(draft, command.coteDelta ?? 0, combatId);
  const vitaux = boundedVitals(draft.state, draft.now, {});
  emit(draft, {
    eventType: "CombatQuitte",
    payload: { joueurId, combatId, typeCombat, resultat, vitaux, a: isoTime(draft.now) },
  });
  return undefined;
}
