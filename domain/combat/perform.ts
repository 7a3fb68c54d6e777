import { advance, type Draft, emit, newId, roll } from "./draft.ts";
import { afflict, dispel } from "./effects.ts";
import type { Jet, PayloadOf } from "./events.ts";
import { fleeChance } from "./formulas.ts";
import type { Plan } from "./plan.ts";
import { clearEffects, inflict, restore } from "./points.ts";
import { type Outcome, resolve } from "./resolve.ts";
import { activeInOrder, currentInitiative } from "./roster.ts";
import type { Participant } from "./state.ts";
import type { ResultatAction } from "./values.ts";

type Cost = PayloadOf<"ActionExecutee">["cout"];

/** [ACT-8]: stamina that DEFENSE gives back. */
const DEFENSE_STAMINA = 10;

/** [ACT-2]: the best that came of it, over all targets. */
const BEST_FIRST = ["CRITIQUE", "SUCCES", "BLOQUE", "ESQUIVE", "ECHEC"] as const;

function overall(jets: readonly Jet[]): ResultatAction {
  return BEST_FIRST.find((result) => jets.some((jet) => jet.resultat === result)) ?? "SUCCES";
}

function costOf(actor: Participant, { cost }: Plan): Cost {
  const { mp, stamina, objet, recharge } = cost;
  const carried = objet === undefined ? 0 : (actor.objets.find((one) => one.itemId === objet.itemId)?.quantite ?? 0);
  return {
    mp,
    mpApres: actor.mpActuel - mp,
    stamina,
    staminaApres: actor.staminaActuel - stamina,
    ...(objet === undefined ? {} : { objet: { ...objet, quantiteApres: carried - objet.quantite } }),
    ...(recharge === undefined ? {} : { recharge }),
  };
}

/** [ACT-9] */
function rollFlight(draft: Draft, actor: Participant): Jet {
  const enemies = activeInOrder(draft.state).filter((one) => one.equipe !== actor.equipe);
  const sum = enemies.reduce((total, one) => total + currentInitiative(one), 0);
  const average = enemies.length === 0 ? 0 : Math.floor(sum / enemies.length);
  const fuite = roll(draft);
  const away = fuite <= fleeChance(currentInitiative(actor), average);
  return { cible: actor.participantId, resultat: away ? "SUCCES" : "ECHEC", fuite };
}

function apply(draft: Draft, actor: Participant, plan: Plan, actionId: string, outcome: Outcome): void {
  const { target, blow, heal, afflictions, dissipe, jet } = outcome;
  const source = { participantId: actor.participantId, actionId };
  if (blow !== undefined) inflict(draft, source, jet.cible, blow);
  if (heal !== undefined) restore(draft, source, jet.cible, heal.ressource, heal.brut);
  if (dissipe > 0) dispel(draft, jet.cible, !target.hostile, dissipe);
  if (plan.origin === undefined) return;
  const origin = { ...plan.origin, participantId: actor.participantId };
  for (const affliction of afflictions) afflict(draft, origin, jet.cible, affliction);
}

/** Carries out what `planAction` allowed. The turn is not passed on yet; the phase is `resolving` after it. */
export function perform(draft: Draft, actor: Participant, plan: Plan, automatique = false): void {
  const { usage, typeAction, origin, destination } = plan;
  advance(draft, "ACT");
  const outcomes = usage === undefined ? [] : plan.targets.map((target) => resolve(draft, actor, usage, target));
  const jets = typeAction === "FUITE" ? [rollFlight(draft, actor)] : outcomes.map((one) => one.jet);
  const resultat = overall(jets);
  const actionId = newId(draft);
  const { participantId } = actor;
  emit(draft, {
    eventType: "ActionExecutee",
    payload: {
      actionId,
      numeroTour: draft.state.tourActuel,
      participantId,
      typeAction,
      ...(origin?.type === "COMPETENCE" ? { competenceId: origin.id } : {}),
      ...(origin?.type === "OBJET" ? { itemId: origin.id } : {}),
      cibles: outcomes.map((one) => one.jet.cible),
      cout: costOf(actor, plan),
      resultat,
      jets,
      effetsAppliques: outcomes.flatMap(({ jet, afflictions }) =>
        afflictions.map(({ effet }) => ({ cible: jet.cible, typeEffet: effet.typeEffet })),
      ),
      ...(destination === undefined ? {} : { deplacement: { de: actor.position, vers: destination } }),
      ...(automatique ? { automatique: true as const } : {}),
    },
  });
  for (const outcome of outcomes) apply(draft, actor, plan, actionId, outcome);
  if (typeAction === "DEFENSE") restore(draft, { participantId, actionId }, participantId, "STAMINA", DEFENSE_STAMINA);
  if (typeAction === "FUITE" && resultat === "SUCCES") clearEffects(draft, participantId);
  advance(draft, "RESOLVE");
}
