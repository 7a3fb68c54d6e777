import { type Draft, roll } from "./draft.ts";
import { EFFECT_RULES } from "./effect-rules.ts";
import type { Jet } from "./events.ts";
import {
  basePower,
  critical,
  defended,
  empowered,
  evasionChance,
  halved,
  healPower,
  hitChance,
  resisted,
  variationOf,
  varied,
} from "./formulas.ts";
import type { EffetDefini, Usage } from "./participant.ts";
import { effectOf, effectPower } from "./roster.ts";
import type { Participant } from "./state.ts";
import type { Target } from "./targets.ts";
import type { Element, Ressource, ResultatAction } from "./values.ts";

export interface Blow {
  readonly element: Element;
  readonly bruts: number;
  /** After everything but shields. */
  readonly net: number;
  readonly critique: boolean;
}

export interface Affliction {
  readonly effet: EffetDefini;
  readonly puissance: number;
}

/** What an act does to one target, settled before any of it is applied. */
export interface Outcome {
  readonly target: Target;
  readonly jet: Jet;
  readonly blow?: Blow;
  readonly heal?: { readonly ressource: Ressource; readonly brut: number };
  readonly afflictions: readonly Affliction[];
  readonly dissipe: number;
}

/** [HIT-1] to [HIT-4]; all rolls are made, so that each keeps its place whatever the others say. */
function rollAgainst(draft: Draft, actor: Participant, usage: Usage, target: Target): Jet {
  const { participant } = target;
  const base = { cible: participant.participantId, resultat: "SUCCES" as ResultatAction };
  if (!target.hostile) return base;
  const stats = participant.statsCombat;
  const helpless = effectOf(participant, "STUN") !== undefined;
  const jet = {
    ...base,
    precision: roll(draft),
    esquive: roll(draft),
    blocage: roll(draft),
    critique: roll(draft),
    variation: variationOf(roll(draft)),
  };
  if (jet.precision > hitChance(actor.statsCombat.precision, usage.precision)) return { ...jet, resultat: "ECHEC" };
  if (!helpless && jet.esquive <= evasionChance(stats.esquive)) return { ...jet, resultat: "ESQUIVE" };
  if (usage.degats === undefined) return jet;
  if (!helpless && jet.blocage <= evasionChance(stats.blocage)) return { ...jet, resultat: "BLOQUE" };
  return jet.critique <= actor.statsCombat.critique ? { ...jet, resultat: "CRITIQUE" } : jet;
}

/** [DMG-1] to [DMG-9], in this order. */
function blowOf(actor: Participant, victim: Participant, degats: NonNullable<Usage["degats"]>, jet: Jet): Blow {
  const stats = actor.statsCombat;
  const base = basePower(degats.puissance, stats.attaque, degats.ratioAttaque, stats.magie, degats.ratioMagie);
  const strong = empowered(base, effectPower(actor, "FORCE"), effectPower(actor, "FAIBLESSE"));
  const rolled = varied(strong, jet.variation ?? 100);
  const critique = jet.resultat === "CRITIQUE";
  const bruts = critique ? critical(rolled, stats.critiqueMultiplicateur) : rolled;
  const physical = degats.element === "PHYSIQUE";
  let net = defended(bruts, physical ? victim.statsCombat.defense : victim.statsCombat.defenseMagique);
  if (jet.resultat === "BLOQUE") net = halved(net);
  if (victim.enDefense) net = halved(net);
  return { element: degats.element, bruts, net: resisted(net, victim.resistances[degats.element] ?? 0), critique };
}

/** [EFF-12], [EFF-13]: which of the act's effects take hold. */
function afflictionsOf(
  draft: Draft,
  actor: Participant,
  usage: Usage,
  target: Target,
  blow: Blow | undefined,
): Affliction[] {
  const victim = target.participant;
  const dies = blow !== undefined && blow.net - effectPower(victim, "BOUCLIER") >= victim.hpActuel;
  const found: Affliction[] = [];
  for (const effet of usage.effets) {
    const lucky = roll(draft) <= effet.chance;
    const rule = EFFECT_RULES[effet.typeEffet];
    const meant = rule.debuff ? target.harm : target.help;
    const held = rule.exclusive === true && effectOf(victim, effet.typeEffet) !== undefined;
    const twice = found.some((one) => one.effet.typeEffet === effet.typeEffet);
    if (!lucky || !meant || dies || held || twice || victim.immunites.includes(effet.typeEffet)) continue;
    found.push({ effet, puissance: healPower(effet.puissance, actor.statsCombat.magie, effet.ratioMagie) });
  }
  return found;
}

/** Rolls and computes what `usage` does to one target. Changes nothing but the number of rolls made. */
export function resolve(draft: Draft, actor: Participant, usage: Usage, target: Target): Outcome {
  const jet = rollAgainst(draft, actor, usage, target);
  if (jet.resultat === "ECHEC" || jet.resultat === "ESQUIVE") return { target, jet, afflictions: [], dissipe: 0 };
  const { degats, soin } = usage;
  const blow = degats !== undefined && target.harm ? blowOf(actor, target.participant, degats, jet) : undefined;
  return {
    target,
    jet,
    ...(blow === undefined ? {} : { blow }),
    ...(soin !== undefined && target.help
      ? {
          heal: {
            ressource: soin.ressource,
            brut: healPower(soin.puissance, actor.statsCombat.magie, soin.ratioMagie),
          },
        }
      : {}),
    afflictions: afflictionsOf(draft, actor, usage, target, blow),
    dissipe: usage.dissipe,
  };
}
