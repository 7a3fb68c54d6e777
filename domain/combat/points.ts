import { type Draft, emit, participantOf } from "./draft.ts";
import type { SourceDegats } from "./events.ts";
import type { Blow } from "./resolve.ts";
import { effectOf, isActive } from "./roster.ts";
import type { Participant } from "./state.ts";
import { type EtatParticipant, type Ressource, typeEffet } from "./values.ts";

/** [END-2]: players are knocked out, everyone else dies. */
function fallenState(one: Participant): EtatParticipant {
  return one.typeEntite === "JOUEUR" ? "KO" : "MORT";
}

/** Whoever leaves the fight carries nothing on: all effects end ([EFF-16]). */
export function clearEffects(draft: Draft, id: string): void {
  for (const type of typeEffet.options) {
    const bearer = participantOf(draft, id);
    const effect = bearer === undefined ? undefined : effectOf(bearer, type);
    if (effect === undefined) continue;
    const payload = { effetId: effect.effetId, participantId: id, typeEffet: type, raison: "HORS_COMBAT" } as const;
    emit(draft, { eventType: "EffetStatutExpire", payload });
  }
}

/** Takes hit points after the shield has taken its share ([DMG-10]), and fells the victim at 0. */
export function inflict(draft: Draft, source: SourceDegats, cible: string, blow: Blow): void {
  const victim = participantOf(draft, cible);
  if (!isActive(victim)) return;
  const shield = effectOf(victim, "BOUCLIER");
  const absorbe = shield === undefined ? 0 : Math.min(shield.puissance, blow.net);
  const degatsFinaux = blow.net - absorbe;
  const hpApres = Math.max(0, victim.hpActuel - degatsFinaux);
  emit(draft, {
    eventType: "DegatsInfliges",
    payload: {
      source,
      cible,
      element: blow.element,
      degatsBruts: blow.bruts,
      reduction: blow.bruts - degatsFinaux,
      degatsFinaux,
      critique: blow.critique,
      hpAvant: victim.hpActuel,
      hpApres,
      etatApres: hpApres === 0 ? fallenState(victim) : victim.etat,
      ...(shield === undefined || absorbe === 0
        ? {}
        : { boucliers: [{ effetId: shield.effetId, absorbe, reste: shield.puissance - absorbe }] }),
    },
  });
  if (hpApres === 0) clearEffects(draft, cible);
  else if (shield !== undefined && absorbe === shield.puissance)
    emit(draft, {
      eventType: "EffetStatutExpire",
      payload: { effetId: shield.effetId, participantId: cible, typeEffet: "BOUCLIER", raison: "EPUISE" },
    });
}

function levels(one: Participant, ressource: Ressource): readonly [now: number, max: number] {
  switch (ressource) {
    case "HP":
      return [one.hpActuel, one.hpMax];
    case "MP":
      return [one.mpActuel, one.mpMax];
    case "STAMINA":
      return [one.staminaActuel, one.staminaMax];
  }
}

/** [HEAL-2]: gives points back up to the maximum. What gives nothing is no event. */
export function restore(draft: Draft, source: SourceDegats, cible: string, ressource: Ressource, brut: number): void {
  const one = participantOf(draft, cible);
  if (!isActive(one)) return;
  const [avant, max] = levels(one, ressource);
  const soinFinal = Math.min(brut, max - avant);
  if (soinFinal <= 0) return;
  emit(draft, {
    eventType: "SoinsRecus",
    payload: {
      source,
      cible,
      ressource,
      soinBrut: brut,
      soinFinal,
      surplus: brut - soinFinal,
      avant,
      apres: avant + soinFinal,
    },
  });
}
