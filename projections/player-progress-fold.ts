import { derivedUuid } from "../store/uuid.ts";
import type { ProgressTold, Told } from "./player-events.ts";
import { counted } from "./player-fold.ts";
import {
  type CompetenceRow,
  competenceJoueurId,
  type JoueurRow,
  type PlayerRows,
  type Progres,
  type QueteRow,
} from "./player-rows.ts";

/** Whole percent of a quest, each objective counting the same; 100 only when nothing is missing. */
export function percentOf(objectifs: readonly Progres[]): number {
  if (objectifs.length === 0) return 0;
  const sum = objectifs.reduce((all, { progres, requis }) => all + Math.floor((100 * progres) / requis), 0);
  return Math.floor(sum / objectifs.length);
}

/** An acceptance has a row of its own, but that of a quest which was given up goes on in the row that is there: of a quest
 * that is open or given up a player has one. */
function accepted(rows: PlayerRows, event: Told<"QueteAcceptee">): undefined {
  const { joueurId, queteId, acceptation, definition, accepteeA, expireA } = event.payload;
  const before = rows.quete(joueurId, queteId);
  const goesOn = before?.etat === "EN_COURS" || before?.etat === "ABANDONEE";
  rows.putQuete({
    quete_joueur_id: goesOn ? before.quete_joueur_id : derivedUuid(`${queteId} ${acceptation}`, joueurId),
    joueur_id: joueurId,
    quete_id: queteId,
    etat: "EN_COURS",
    progres_objectifs: definition.objectifs.map(({ objectifId, type, cible, description, requis }) => ({
      ...{ objectifId, type, cible: cible ?? null, description, progres: 0, requis },
    })),
    pourcentage_completion: 0,
    acceptee_a: accepteeA,
    completee_a: null,
    expire_a: expireA,
    acceptation,
    nom: definition.nom,
    last_event_sequence: event.sequence,
    updated_at: event.timestamp,
  });
}

/** An event about a quest that is not there changes nothing. */
function changeQuest(rows: PlayerRows, event: ProgressTold, change: (row: QueteRow) => Partial<QueteRow>): undefined {
  if (!("queteId" in event.payload)) return;
  const { joueurId, queteId, acceptation } = event.payload;
  const row = rows.quete(joueurId, queteId);
  if (row === undefined || row.acceptation !== acceptation) return;
  rows.putQuete({ ...row, ...change(row), last_event_sequence: event.sequence, updated_at: event.timestamp });
}

function progressed(row: QueteRow, objectifId: string, reached: number): Partial<QueteRow> {
  const progres_objectifs = row.progres_objectifs.map((one) =>
    one.objectifId === objectifId ? { ...one, progres: Math.min(reached, one.requis) } : one,
  );
  return { progres_objectifs, pourcentage_completion: percentOf(progres_objectifs) };
}

function changeSkill(rows: PlayerRows, event: ProgressTold, change: Partial<CompetenceRow>): undefined {
  if (!("competenceId" in event.payload)) return;
  const { joueurId, competenceId } = event.payload;
  const row = rows.competences.get(competenceJoueurId(joueurId, competenceId));
  if (row === undefined) return;
  const { sequence: last_event_sequence, timestamp: updated_at } = event;
  rows.competences.put({ ...row, ...change, last_event_sequence, updated_at });
}

function learnt(rows: PlayerRows, event: Told<"CompetenceAprise">): undefined {
  const { joueurId, competenceId, niveau, definition } = event.payload;
  rows.competences.put({
    competence_joueur_id: competenceJoueurId(joueurId, competenceId),
    joueur_id: joueurId,
    competence_id: competenceId,
    niveau_competence: niveau,
    cooldown_restant_secondes: 0,
    dernier_usage: null,
    echeance: null,
    definition,
    last_event_sequence: event.sequence,
    updated_at: event.timestamp,
  });
}

function secondsUntil(echeance: string, from: string): number {
  return Math.max(0, Math.ceil((Date.parse(echeance) - Date.parse(from)) / 1_000));
}

export function foldProgress(rows: PlayerRows, joueur: JoueurRow, event: ProgressTold): undefined {
  switch (event.eventType) {
    case "CompetenceAprise":
      return learnt(rows, event);
    case "CompetenceAmelioree":
      return changeSkill(rows, event, { niveau_competence: event.payload.apres });
    case "CompetenceUtilisee":
      return changeSkill(rows, event, { dernier_usage: event.timestamp });
    case "CooldownDemarre": {
      const { echeance } = event.payload;
      const cooldown_restant_secondes = secondsUntil(echeance, event.timestamp);
      return changeSkill(rows, event, { echeance, cooldown_restant_secondes });
    }
    case "QueteAcceptee":
      return accepted(rows, event);
    case "ObjectifProgresse":
      return changeQuest(rows, event, (row) => progressed(row, event.payload.objectifId, event.payload.apres));
    case "ObjectifComplete":
      return changeQuest(rows, event, (row) => progressed(row, event.payload.objectifId, event.payload.requis));
    case "QueteTerminee": {
      const { termineeA: completee_a } = event.payload;
      rows.joueurs.put({ ...joueur, ...counted(joueur, "quetes_terminees") });
      return changeQuest(rows, event, () => ({ etat: "COMPLETE", completee_a, pourcentage_completion: 100 }));
    }
    case "QueteEchouee":
      return changeQuest(rows, event, () => ({ etat: "ECHOUEE" }));
    case "QueteAbandonnee":
      return changeQuest(rows, event, () => ({ etat: "ABANDONEE" }));
  }
}
