import type { Action } from "./commands.ts";
import { EFFECT_RULES } from "./effect-rules.ts";
import { basePower, reach } from "./formulas.ts";
import type { Competence, Usage } from "./participant.ts";
import { planAction } from "./plan.ts";
import { activeInOrder, distance, effectOf } from "./roster.ts";
import type { CombatState, Participant } from "./state.ts";
import { canHarm, canHelp } from "./targets.ts";
import type { Comportement } from "./values.ts";

type Candidates = Generator<Action, void>;

/** A skill or an item, and the act that uses it. */
interface Means {
  readonly usage: Usage;
  readonly act: Omit<Action, "cibles" | "position">;
}

function hpPercent(one: Participant): number {
  return Math.floor((one.hpActuel * 100) / one.hpMax);
}

interface Manner {
  readonly comportement: Comportement;
  readonly skills: readonly Competence[];
}

/** [NPC-5]: a boss' phase changes its behaviour and puts the phase's skills first. */
function mannerOf(actor: Participant): Manner {
  const reached = actor.phases.filter((one) => hpPercent(actor) <= one.seuilHp).sort((a, b) => a.seuilHp - b.seuilHp);
  const phase = reached[0];
  if (phase === undefined) return { comportement: actor.comportement, skills: actor.competences };
  const preferred = phase.competences.flatMap((id) => actor.competences.find((one) => one.competenceId === id) ?? []);
  const others = actor.competences.filter((one) => !phase.competences.includes(one.competenceId));
  return { comportement: phase.comportement, skills: [...preferred, ...others] };
}

function meansOf(actor: Participant, skills: readonly Competence[]): Means[] {
  return [
    ...skills.map((usage): Means => ({ usage, act: { typeAction: "COMPETENCE", competenceId: usage.competenceId } })),
    ...actor.objets.map((usage): Means => ({ usage, act: { typeAction: "OBJET", itemId: usage.itemId } })),
  ];
}

function at(means: Means, target: Participant): Action {
  switch (means.usage.cible) {
    case "SOI":
    case "TOUS":
      return means.act;
    case "ZONE":
      return { ...means.act, position: target.position };
    case "ALLIE":
    case "ENNEMI":
      return { ...means.act, cibles: [target.participantId] };
  }
}

function powerOf(actor: Participant, { degats }: Usage): number {
  if (degats === undefined) return 0;
  const { attaque, magie } = actor.statsCombat;
  return basePower(degats.puissance, attaque, degats.ratioAttaque, magie, degats.ratioMagie);
}

/** Would `usage` put something on `target` that it does not bear yet? */
function bringsNew(usage: Usage, target: Participant, debuff: boolean): boolean {
  return usage.effets.some(
    ({ typeEffet }) => EFFECT_RULES[typeEffet].debuff === debuff && effectOf(target, typeEffet) === undefined,
  );
}

function enemiesOf(state: CombatState, actor: Participant): Participant[] {
  return activeInOrder(state).filter((one) => one.equipe !== actor.equipe);
}

/** [NPC-1]: the strongest means first; what only afflicts comes before, where it is news. The phase's order breaks ties. */
function* assault(actor: Participant, skills: readonly Competence[], targets: readonly Participant[]): Candidates {
  const blow: Action = { typeAction: "ATTAQUE" };
  const harmful = meansOf(actor, skills).filter(
    ({ usage }) => canHarm(usage) && usage.cible !== "SOI" && usage.cible !== "ALLIE",
  );
  const ranked = harmful.map((means) => ({ means, power: powerOf(actor, means.usage) }));
  ranked.sort((one, other) => other.power - one.power);
  for (const target of targets) {
    for (const { means, power } of ranked)
      if (power === 0 && bringsNew(means.usage, target, true)) yield at(means, target);
    for (const { means, power } of ranked) if (power > actor.statsCombat.attaque) yield at(means, target);
    yield { ...blow, cibles: [target.participantId] };
    for (const { means, power } of ranked) if (power > 0 && power <= actor.statsCombat.attaque) yield at(means, target);
  }
}

/** [NPC-4]: nobody within reach, so it closes in on the first target, as far as it can and no nearer than it needs. */
function* approach(actor: Participant, targets: readonly Participant[]): Candidates {
  const target = targets[0];
  if (target === undefined) return;
  const gap = distance(actor, target) - actor.statsCombat.portee;
  const step = Math.sign(target.position - actor.position);
  for (let far = Math.min(gap, reach(actor.statsCombat.deplacement, 1, 0)); far > 0; far--)
    yield { typeAction: "DEPLACEMENT", position: actor.position + step * far };
}

/** [NPC-2], [NPC-3]: heals `friend`, or shields and strengthens it where that is news. */
function* support(actor: Participant, skills: readonly Competence[], friend: Participant): Candidates {
  const helpful = meansOf(actor, skills).filter(({ usage }) => canHelp(usage) && usage.degats === undefined);
  const forMe = friend.participantId === actor.participantId;
  const fitting = helpful.filter(({ usage }) => (usage.cible === "SOI" ? forMe : usage.cible !== "ENNEMI"));
  for (const means of fitting) if (means.usage.soin?.ressource === "HP") yield at(means, friend);
  for (const means of fitting) if (bringsNew(means.usage, friend, false)) yield at(means, friend);
}

function nearest(actor: Participant, ones: readonly Participant[]): Participant[] {
  return [...ones].sort((one, other) => distance(actor, one) - distance(actor, other));
}

function weakest(actor: Participant, ones: readonly Participant[]): Participant[] {
  return nearest(actor, ones).sort((one, other) => one.hpActuel - other.hpActuel);
}

/** What it would like to do, best first. */
function* wishes(state: CombatState, actor: Participant): Candidates {
  const { comportement, skills } = mannerOf(actor);
  const enemies = enemiesOf(state, actor);
  let targets = nearest(actor, enemies);
  switch (comportement) {
    case "AGRESSIF":
      targets = weakest(actor, enemies);
      break;
    case "DEFENSIF":
      if (hpPercent(actor) >= 50) break;
      yield* support(actor, skills, actor);
      if (actor.derniereAction !== "DEFENSE") yield { typeAction: "DEFENSE" };
      break;
    case "SOIGNEUR": {
      const friends = activeInOrder(state).filter((one) => one.equipe === actor.equipe && hpPercent(one) < 70);
      friends.sort((one, other) => hpPercent(one) - hpPercent(other));
      for (const friend of friends) yield* support(actor, skills, friend);
      break;
    }
  }
  yield* assault(actor, skills, targets);
  yield* approach(actor, nearest(actor, enemies));
}

/** What a non-player does in its turn: the first of its wishes that the rules allow, else DEFENSE. The same for the same state. */
export function chooseAction(state: CombatState, actor: Participant): Action {
  for (const wish of wishes(state, actor)) if (typeof planAction(state, actor, wish) !== "string") return wish;
  return { typeAction: "DEFENSE" };
}
