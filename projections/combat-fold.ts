import type { CombatEvent, PayloadOf } from "../domain/combat/events.ts";
import { typeEffet } from "../domain/combat/values.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import { EventFault } from "../store/sink.ts";
import { historyLine } from "./combat-history.ts";
import {
  type ActionRow,
  canonical,
  type EffectRow,
  freshParticipant,
  type HistoryRow,
  type InstanceRow,
  type ParticipantRow,
  type StatisticsRow,
} from "./combat-rows.ts";

/** The rows of a batch's combats, as they become; and which of them are to be written. */
export interface CombatRows {
  readonly instances: Map<string, InstanceRow>;
  readonly participants: Map<string, ParticipantRow>;
  /** By bearer, then by effect. */
  readonly effects: Map<string, Map<string, EffectRow>>;
  readonly changed: {
    readonly instances: Set<InstanceRow>;
    readonly participants: Set<string>;
    readonly effects: Set<EffectRow>;
    readonly effectsGone: Set<string>;
  };
  readonly actions: ActionRow[];
  readonly history: HistoryRow[];
  readonly statistics: StatisticsRow[];
}

type Stored<Type extends CombatEvent["eventType"]> = Omit<StoredEvent, "payload"> & {
  readonly payload: PayloadOf<Type>;
};

const MAX_MS = 2_147_483_647;

export function noRows(): CombatRows {
  return {
    instances: new Map(),
    participants: new Map(),
    effects: new Map(),
    changed: { instances: new Set(), participants: new Set(), effects: new Set(), effectsGone: new Set() },
    actions: [],
    history: [],
    statistics: [],
  };
}

export function effectsOn(rows: CombatRows, participantId: string, combatId: string): EffectRow[] {
  const worn = rows.effects.get(participantId);
  return worn === undefined ? [] : [...worn.values()].filter((one) => one.combat_id === combatId);
}

export function participantsIn(rows: CombatRows, combatId: string): ParticipantRow[] {
  return [...rows.participants.values()].filter((one) => one.combat_id === combatId);
}

/** Changes a participant of the event's combat. One that another combat has named since belongs to that one ([PCOMBAT-3]). */
function change(rows: CombatRows, event: StoredEvent, id: string, how: (one: ParticipantRow) => void): void {
  const one = rows.participants.get(canonical(id));
  if (one === undefined || one.combat_id !== event.aggregateId) return;
  how(one);
  one.last_event_sequence = event.sequence;
  one.updated_at = event.timestamp;
  rows.changed.participants.add(one.participant_id);
}

const EFFECT_ORDER: readonly string[] = typeEffet.options;

/** What follows from the effects that it bears and from its condition. */
function derive(rows: CombatRows, one: ParticipantRow): void {
  const worn = effectsOn(rows, one.participant_id, one.combat_id);
  worn.sort((a, b) => EFFECT_ORDER.indexOf(a.type_effet) - EFFECT_ORDER.indexOf(b.type_effet));
  one.effets_actifs = worn.map((effect) => ({
    effetId: effect.effet_id,
    typeEffet: effect.type_effet,
    puissance: effect.puissance,
    dureeTours: effect.duree_tours_restants,
    stacks: effect.stacks,
    estDebuff: effect.est_debuff,
    peutEtreDissipe: effect.peut_etre_dissipe,
  }));
  one.peut_agir = one.etat === "ACTIF" && !worn.some((effect) => effect.type_effet === "STUN");
}

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
    rows.participants.set(id, freshParticipant(combatId, participant, rejoint, { sequence, timestamp }));
    rows.changed.participants.add(id);
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
  for (const effect of effectsOn(rows, canonical(participantId), event.aggregateId)) {
    effect.duree_tours_restants = Math.max(0, effect.duree_tours_restants - 1);
    effect.event_sequence = event.sequence;
    rows.changed.effects.add(effect);
  }
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

function afflict(rows: CombatRows, event: Stored<"EffetStatutApplique">): void {
  const { payload } = event;
  const bearer = canonical(payload.participantId);
  const effect: EffectRow = {
    effet_id: canonical(payload.effetId),
    participant_id: bearer,
    combat_id: event.aggregateId,
    type_effet: payload.typeEffet,
    source_type: payload.source.type,
    source_id: payload.source.id,
    puissance: payload.puissance,
    duree_tours_restants: payload.dureeTours,
    stacks: payload.stacks,
    modificateurs: payload.modificateurs,
    est_debuff: payload.estDebuff,
    peut_etre_dissipe: payload.peutEtreDissipe,
    applique_a: event.timestamp,
    event_sequence: event.sequence,
  };
  const worn = rows.effects.get(bearer) ?? new Map<string, EffectRow>();
  const before = worn.get(effect.effet_id);
  if (before !== undefined) rows.changed.effects.delete(before);
  rows.effects.set(bearer, worn.set(effect.effet_id, effect));
  rows.changed.effects.add(effect);
  change(rows, event, bearer, (one) => derive(rows, one));
}

function drop(rows: CombatRows, effect: EffectRow): void {
  rows.effects.get(effect.participant_id)?.delete(effect.effet_id);
  rows.changed.effects.delete(effect);
  rows.changed.effectsGone.add(effect.effet_id);
}

function expire(rows: CombatRows, event: Stored<"EffetStatutExpire">): void {
  const effect = rows.effects.get(canonical(event.payload.participantId))?.get(canonical(event.payload.effetId));
  if (effect !== undefined && effect.combat_id === event.aggregateId) drop(rows, effect);
  change(rows, event, event.payload.participantId, (one) => derive(rows, one));
}

function hurt(rows: CombatRows, event: Stored<"DegatsInfliges">): void {
  const { cible, hpApres, etatApres, boucliers = [] } = event.payload;
  for (const { effetId, reste } of boucliers) {
    const shield = rows.effects.get(canonical(cible))?.get(canonical(effetId));
    if (shield === undefined || shield.combat_id !== event.aggregateId) continue;
    shield.puissance = reste;
    shield.modificateurs = { ...shield.modificateurs, absorption: reste };
    shield.event_sequence = event.sequence;
    rows.changed.effects.add(shield);
  }
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

/** What a combat that has ended adds to its players' figures ([PCOMBAT-11]). */
function tally(rows: CombatRows, event: Stored<"CombatTermine">): void {
  const { resultat, vainqueurs, statistiques } = event.payload;
  const winners = new Set(vainqueurs.map((one) => canonical(one.participantId)));
  const tallies = new Map(Object.entries(statistiques).map(([id, bilan]) => [canonical(id), bilan]));
  for (const one of participantsIn(rows, event.aggregateId)) {
    if (one.type_entite !== "JOUEUR") continue;
    const bilan = tallies.get(one.participant_id);
    const won = winners.has(one.participant_id);
    rows.statistics.push({
      joueur_id: one.entite_id,
      combats: 1,
      victoires: resultat === "VICTOIRE" && won ? 1 : 0,
      defaites: resultat === "VICTOIRE" && !won ? 1 : 0,
      nuls: resultat === "NUL" ? 1 : 0,
      degats_infliges: bilan?.degatsInfliges ?? 0,
      degats_subis: bilan?.degatsSubis ?? 0,
      soins_prodigues: bilan?.soinsProdigues ?? 0,
      eliminations: bilan?.eliminations.length ?? 0,
      morts: one.hp_actuel === 0 ? 1 : 0,
      last_event_sequence: event.sequence,
      updated_at: event.timestamp,
    });
  }
}

function end(rows: CombatRows, instance: InstanceRow, event: StoredEvent, etat: "TERMINE" | "ABANDONNE"): void {
  instance.etat = etat;
  instance.participant_actif_id = null;
  instance.prochain_timeout = null;
  instance.heure_fin = event.timestamp;
  for (const worn of rows.effects.values())
    for (const effect of [...worn.values()]) if (effect.combat_id === event.aggregateId) drop(rows, effect);
  for (const { participant_id } of participantsIn(rows, event.aggregateId))
    change(rows, event, participant_id, (one) => {
      one.effets_actifs = [];
      one.peut_agir = false;
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
  if (known !== undefined && event.sequence <= known.last_event_sequence) return;
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
