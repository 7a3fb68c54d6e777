import type { TypeObjectif } from "../catalogue/definitions.ts";
import { type Draft, emit } from "./draft.ts";
import { nextQuestPhase } from "./quest-lifecycle.ts";
import { type Ouverte, openObjectives, questPhase } from "./quetes.ts";

/** Something that happened, `quantite` times; NIVEAU: the level that was reached. Without `cible` it counts for no named target. */
export interface Fait {
  readonly type: TypeObjectif;
  readonly cible?: string | undefined;
  readonly quantite: number;
}

type Objectif = Ouverte["definition"]["objectifs"][number];

/** [GOAL-2], [GOAL-3], [GOAL-4] */
function progressed(objectif: Objectif, avant: number, faits: readonly Fait[]): number {
  let apres = avant;
  for (const fait of faits) {
    if (fait.type !== objectif.type) continue;
    if (fait.type === "NIVEAU") apres = Math.max(apres, fait.quantite);
    else if (objectif.cible === undefined || objectif.cible === fait.cible) apres += fait.quantite;
  }
  return Math.min(apres, objectif.requis);
}

/** [QUEST-11]: from its deadline on a quest stands still until it is failed. */
export function isExpired(quest: Ouverte, now: number): boolean {
  return quest.expireA !== null && now >= Date.parse(quest.expireA);
}

/** Counts what happened towards one open quest. */
export function advanceQuest(draft: Draft, queteId: string, faits: readonly Fait[], reference: string): void {
  const quest = draft.state.quetes.ouvertes[queteId];
  if (quest === undefined || isExpired(quest, draft.now)) return;
  const { joueurId } = draft.state.joueur;
  for (const [n, objectif] of quest.definition.objectifs.entries()) {
    if (nextQuestPhase(questPhase(draft.state.quetes, queteId), "PROGRESS") === undefined) return;
    const avant = draft.state.quetes.ouvertes[queteId]?.progres[n] ?? 0;
    const apres = progressed(objectif, avant, faits);
    if (apres === avant) continue;
    const about = { joueurId, queteId, acceptation: quest.acceptation, objectifId: objectif.objectifId };
    const { requis } = objectif;
    emit(draft, { eventType: "ObjectifProgresse", payload: { ...about, avant, apres, requis, reference } });
    if (apres < requis) continue;
    const after = draft.state.quetes.ouvertes[queteId];
    const restants = after === undefined ? 0 : openObjectives(after).length;
    emit(draft, { eventType: "ObjectifComplete", payload: { ...about, requis, restants } });
  }
}

/** Counts what happened towards every open quest that asks for it; no event where none does. In the order of their ids, which no snapshot can change. */
export function advanceObjectives(draft: Draft, faits: readonly Fait[], reference: string): void {
  if (faits.length === 0) return;
  for (const queteId of Object.keys(draft.state.quetes.ouvertes).sort()) advanceQuest(draft, queteId, faits, reference);
}
