import type { Definitions, QueteDefinition } from "../catalogue/definitions.ts";
import { giveItem } from "./carrying.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import { gainExperience } from "./experience.ts";
import { deliverGold } from "./gold.ts";
import { advanceQuest, type Fait, isExpired } from "./objectives.ts";
import { nextQuestPhase, type QuestTrigger } from "./quest-lifecycle.ts";
import { type Ouverte, type QuetesState, questPhase } from "./quetes.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import { relationTo } from "./relations.ts";
import { changeReputation } from "./reputation.ts";

/** [QUEST-6] */
const MAX_OPEN = 25;
const MINUTE = 60_000;
const DAY = 86_400_000;

/** The number of the UTC day, or of the ISO week (Monday to Sunday, UTC), counted from 1970: the epoch was a Thursday. */
export function periodOf(frequence: NonNullable<QueteDefinition["frequenceRepetition"]>, at: number): number {
  const day = Math.floor(at / DAY);
  return frequence === "QUOTIDIEN" ? day : Math.floor((day + 3) / 7);
}

/** [QUEST-2] */
function repetitionRefused(
  state: QuetesState,
  queteId: string,
  { repete, frequenceRepetition }: QueteDefinition,
  now: number,
): PlayerRejectionCode | undefined {
  const last = state.passees[queteId]?.termineeA ?? null;
  if (last === null) return undefined;
  if (!repete) return "QUEST_ALREADY_DONE";
  if (frequenceRepetition === undefined) return undefined;
  const again = periodOf(frequenceRepetition, now) > periodOf(frequenceRepetition, Date.parse(last));
  return again ? undefined : "QUEST_NOT_AGAIN_YET";
}

/** [QUEST-1] to [QUEST-6], in the order in which they are looked at. */
function acceptRefused(draft: Draft, queteId: string, definition: QueteDefinition): PlayerRejectionCode | undefined {
  const { joueur, quetes, relations } = draft.state;
  if (nextQuestPhase(questPhase(quetes, queteId), "ACCEPT") === undefined) return "QUEST_ALREADY_OPEN";
  const again = repetitionRefused(quetes, queteId, definition, draft.now);
  if (again !== undefined) return again;
  if (joueur.niveau < definition.niveauRequis) return "LEVEL_TOO_LOW";
  if (definition.classes.length > 0 && !definition.classes.includes(joueur.classe)) return "WRONG_CLASS";
  const done = (id: string) => (quetes.passees[id]?.termineeA ?? null) !== null;
  if (!definition.preRequis.quetes.every(done)) return "QUEST_REQUIRED";
  const liked = definition.preRequis.reputations.every(
    ({ pnjId, minimum }) => relationTo(relations, pnjId).reputation >= minimum,
  );
  if (!liked) return "REPUTATION_TOO_LOW";
  const { pnjDonneur } = definition;
  if (pnjDonneur !== undefined && !relationTo(relations, pnjDonneur).rencontre) return "GIVER_NOT_MET";
  return Object.keys(quetes.ouvertes).length >= MAX_OPEN ? "TOO_MANY_QUESTS" : undefined;
}

/** [GOAL-7]: what holds already as the quest is accepted, and could not happen again. */
function standingFacts(draft: Draft): Fait[] {
  const { joueur, competences } = draft.state;
  return [
    { type: "NIVEAU", quantite: joueur.niveau },
    ...competences.apprises.map(({ competenceId }): Fait => ({ type: "APPRENDRE", cible: competenceId, quantite: 1 })),
  ];
}

export function acceptQuest(draft: Draft, queteId: string, known: Definitions): PlayerRejectionCode | undefined {
  const definition = known.quetes[queteId];
  if (definition === undefined) return "UNKNOWN_QUEST";
  const refused = acceptRefused(draft, queteId, definition);
  if (refused !== undefined) return refused;
  const { dureeLimiteMinutes } = definition;
  emit(draft, {
    eventType: "QueteAcceptee",
    payload: {
      joueurId: draft.state.joueur.joueurId,
      queteId,
      acceptation: 1 + (draft.state.quetes.passees[queteId]?.acceptations ?? 0),
      definition,
      accepteeA: isoTime(draft.now),
      expireA: dureeLimiteMinutes === undefined ? null : isoTime(draft.now + dureeLimiteMinutes * MINUTE),
    },
  });
  advanceQuest(draft, queteId, standingFacts(draft), "QueteAcceptee");
  return undefined;
}

/** The open quest, if the life cycle allows `trigger`; else why not. */
function openQuest(draft: Draft, queteId: string, trigger: QuestTrigger): Ouverte | PlayerRejectionCode {
  const quest = draft.state.quetes.ouvertes[queteId];
  if (quest === undefined) return "QUEST_NOT_OPEN";
  return nextQuestPhase(questPhase(draft.state.quetes, queteId), trigger) === undefined ? "QUEST_NOT_COMPLETE" : quest;
}

function about(draft: Draft, queteId: string, { acceptation, definition }: Ouverte) {
  return { joueurId: draft.state.joueur.joueurId, queteId, acceptation, nom: definition.nom };
}

/** [QUEST-9] */
function reward(draft: Draft, queteId: string, quest: Ouverte, known: Definitions): PlayerRejectionCode | undefined {
  const { experience, or, objets, reputations } = quest.definition.recompenses;
  const { nom: _nom, ...which } = about(draft, queteId, quest);
  emit(draft, { eventType: "RecompenseObtenue", payload: { ...which, experience, or, objets, reputations } });
  for (const { itemId, quantite } of objets) {
    const definition = known.items[itemId];
    if (definition === undefined) return "UNKNOWN_ITEM";
    const refused = giveItem(draft, { itemId, definition, quantite, source: "QUETE", reference: queteId, force: true });
    if (refused !== undefined) return refused;
  }
  for (const { pnjId, delta } of reputations) changeReputation(draft, pnjId, delta, "QUETE", queteId);
  deliverGold(draft, or, "QUETE", queteId);
  gainExperience(draft, experience, "QUETE", queteId);
  return undefined;
}

export function finishQuest(draft: Draft, queteId: string, known: Definitions): PlayerRejectionCode | undefined {
  const quest = openQuest(draft, queteId, "FINISH");
  if (typeof quest === "string") return quest;
  if (isExpired(quest, draft.now)) return "QUEST_EXPIRED";
  const payload = { ...about(draft, queteId, quest), termineeA: isoTime(draft.now) };
  emit(draft, { eventType: "QueteTerminee", payload });
  return reward(draft, queteId, quest, known);
}

export function abandonQuest(draft: Draft, queteId: string): PlayerRejectionCode | undefined {
  const quest = openQuest(draft, queteId, "ABANDON");
  if (typeof quest === "string") return quest;
  emit(draft, { eventType: "QueteAbandonnee", payload: about(draft, queteId, quest) });
  return undefined;
}

export function failQuest(draft: Draft, queteId: string): PlayerRejectionCode | undefined {
  const quest = openQuest(draft, queteId, "FAIL");
  if (typeof quest === "string") return quest;
  emit(draft, { eventType: "QueteEchouee", payload: { ...about(draft, queteId, quest), raison: "ECHEC" } });
  return undefined;
}

/** [QUEST-11]: fails every quest whose time is over. */
export function expireQuests(draft: Draft): PlayerRejectionCode | undefined {
  const over = Object.entries(draft.state.quetes.ouvertes)
    .filter(([, quest]) => isExpired(quest, draft.now))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  if (over.length === 0) return "TOO_EARLY";
  for (const [queteId, quest] of over)
    emit(draft, { eventType: "QueteEchouee", payload: { ...about(draft, queteId, quest), raison: "EXPIREE" } });
  return undefined;
}
