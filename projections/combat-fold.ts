import type { CombatEvent } from "../domain/combat/events.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import { EventFault } from "../store/sink.ts";
import { type CombatRows, change, derive, type Stored } from "./combat-batch.ts";
import { afflict, countDown, expire, wearShields } from "./combat-effects.ts";
import { end, tally } from "./combat-end.ts";
import { historyLine } from "./combat-history.ts";
import { canonical, freshParticipant, type InstanceRow } from "./combat-rows.ts";

const MAX_MS = 2_147_483_647;

function begin(rows: CombatRows, event: Stored<"CombatPrepare"> | Stored<"CombatDemarre">): InstanceRow {
  const { payload, aggregateId: combatId, timestamp, sequence } = event;
  const before = rows.instances.get(combatId);
  const prepares = "echeance" in payload;
  const order =
    "ordreInitiative" in payload ? payload.ordreInitiative : payload.participants.map((one) => one.participantId);
  for (const participant of payload.participants) {
    const id = canonical(participant.participantId);
    const known = rows.participants.get(id);
    const rejoint = known?.combat_id === combatId && known.rejoint;
    const row = freshParticipant(combatId, participant, rejoint, { sequence, timestamp });
    rows.participants.set(id, row);
    rows.changed.entered.set(id, row);
  }
  const row: InstanceRow = {
    combat_id: combatId,
    etat: prepares ? "PREPARATION" : "EN_COURS",
    type_combat: payload.typeCombat,
    zone_id: canonical(payload.zone.zoneId),
    zone_nom: payload.zone.nom ?? null,
    tour_actuel: before?.tour_actuel ?? 0,
    ordre_tour: order.map(canonical),
    participant_actif_id: null,
    heure_debut: timestamp,
    heure_fin: null,
    duree_tour_ms: payload.dureeTourMs,
    prochain_timeout: prepares ? payload.echeance : null,
    conditions_victoire: payload.conditionsVictoire,
    recompenses: payload.recompenses,
    version: event.version,
    manche: before?.manche ?? 0,
    tour_debut: null,
    resultat: null,
    raison: null,
    equipes_victorieuses: [],
    last_event_sequence: sequence,
    updated_at: timestamp,
  };
  rows.instances.set(combatId, row);
  return row;
}

function turn(rows: CombatRows, instance: InstanceRow, event: Stored<"TourDebute">): void {
  const { numeroTour, manche, participantId, echeance, ordreTour } = event.payload;
  instance.tour_actuel = numeroTour;
  instance.manche = manche;
  instance.participant_actif_id = canonical(participantId);
  instance.prochain_timeout = echeance;
  instance.tour_debut = event.timestamp;
  if (ordreTour !== undefined) instance.ordre_tour = ordreTour.map(canonical);
  countDown(rows, event);
  change(rows, event, participantId, (one) => {
    one.en_defense = false;
    if (one.competences_disponibles.some((skill) => skill.rechargeRestante > 0))
      one.competences_disponibles = one.competences_disponibles.map((skill) => ({
        ...skill,
        rechargeRestante: Math.max(0, skill.rechargeRestante - 1),
      }));
    derive(rows, one);
  });
}

function act(rows: CombatRows, instance: InstanceRow, event: Stored<"ActionExecutee">): void {
  const { actionId, numeroTour, participantId, typeAction, competenceId, itemId, cibles, ...rest } = event.payload;
  const { cout, jets, resultat, effetsAppliques, deplacement, automatique } = rest;
  const taken = instance.tour_debut === null ? null : Date.parse(event.timestamp) - Date.parse(instance.tour_debut);
  rows.actions.push({
    action_id: canonical(actionId),
    combat_id: event.aggregateId,
    numero_tour: numeroTour,
    participant_id: canonical(participantId),
    type_action: typeAction,
    competence_id: competenceId ?? null,
    item_id: itemId ?? null,
    cibles: cibles.map(canonical),
    donnees_action: {
      cout,
      jets,
      ...(deplacement !== undefined && { deplacement }),
      ...(automatique !== undefined && { automatique }),
    },
    resultat,
    effets_appliques: effetsAppliques,
    temps_execution_ms: taken === null ? null : Math.min(Math.max(0, taken), MAX_MS),
    timestamp: event.timestamp,
    event_sequence: event.sequence,
  });
  change(rows, event, participantId, (one) => {
    one.mp_actuel = cout.mpApres;
    one.stamina_actuel = cout.staminaApres;
    one.en_defense = typeAction === "DEFENSE";
    if (deplacement !== undefined) one.position = deplacement.vers;
    if (typeAction === "FUITE" && resultat === "SUCCES") one.etat = "FUITE";
    const { recharge } = cout;
    if (competenceId !== undefined && recharge !== undefined)
      one.competences_disponibles = one.competences_disponibles.map((skill) =>
        skill.competenceId === canonical(competenceId) ? { ...skill, rechargeRestante: recharge } : skill,
      );
    derive(rows, one);
  });
}

function hurt(rows: CombatRows, event: Stored<"DegatsInfliges">): void {
  const { cible, hpApres, etatApres } = event.payload;
  wearShields(rows, event);
  change(rows, event, cible, (one) => {
    one.hp_actuel = hpApres;
    one.etat = etatApres;
    derive(rows, one);
  });
}

function heal(rows: CombatRows, event: Stored<"SoinsRecus">): void {
  const { cible, ressource, apres } = event.payload;
  change(rows, event, cible, (one) => {
    switch (ressource) {
      case "HP":
        one.hp_actuel = apres;
        return;
      case "MP":
        one.mp_actuel = apres;
        return;
      case "STAMINA":
        one.stamina_actuel = apres;
    }
  });
}

function folded(rows: CombatRows, instance: InstanceRow, event: StoredEvent & CombatEvent): void {
  switch (event.eventType) {
    case "CombatPrepare":
    case "CombatDemarre":
      return;
    case "CombatRejoint":
      change(rows, event, event.payload.participantId, (one) => {
        one.rejoint = true;
      });
      return;
    case "TourDebute":
      turn(rows, instance, event);
      return;
    case "ActionExecutee":
      act(rows, instance, event);
      return;
    case "EffetStatutApplique":
      afflict(rows, event);
      return;
    case "EffetStatutExpire":
      expire(rows, event);
      return;
    case "DegatsInfliges":
      hurt(rows, event);
      return;
    case "SoinsRecus":
      heal(rows, event);
      return;
    case "ParticipantRetire":
      change(rows, event, event.payload.participantId, (one) => {
        one.etat = event.payload.etatApres;
        derive(rows, one);
      });
      return;
    case "CombatTermine": {
      const { resultat, raison, equipesVictorieuses, recompenses } = event.payload;
      tally(rows, event);
      end(rows, instance, event, "TERMINE");
      instance.resultat = resultat;
      instance.raison = raison;
      instance.equipes_victorieuses = equipesVictorieuses;
      instance.recompenses = { ...instance.recompenses, attribuees: recompenses };
      return;
    }
    case "CombatAbandonne":
      end(rows, instance, event, "ABANDONNE");
      instance.raison = event.payload.raison;
  }
}

/**
 * Folds one event into the rows; one that they have already changes nothing.
 * @throws EventFault when the combat's beginning was never seen
 */
export function foldCombat(rows: CombatRows, stored: StoredEvent): void {
  const event = stored as StoredEvent & CombatEvent;
  const known = rows.instances.get(event.aggregateId);
  const taken = known?.last_event_sequence ?? rows.archived.get(event.aggregateId) ?? 0;
  if (event.sequence <= taken) return;
  const begins = event.eventType === "CombatPrepare" || event.eventType === "CombatDemarre";
  const instance = begins ? begin(rows, event) : known;
  if (instance === undefined) throw new EventFault("COMBAT_UNKNOWN", "the combat's beginning is not there");
  folded(rows, instance, event);
  instance.version = event.version;
  instance.last_event_sequence = event.sequence;
  instance.updated_at = event.timestamp;
  if (known !== undefined) rows.changed.instances.delete(known);
  rows.changed.instances.add(instance);
  rows.history.push({
    historique_id: event.eventId,
    combat_id: event.aggregateId,
    numero_tour: instance.tour_actuel,
    ...historyLine(event),
    timestamp: event.timestamp,
    event_sequence: event.sequence,
    event_type: event.eventType,
  });
}
