import type { ParticipantInitial } from "../domain/combat/participant.ts";
import type { Participant } from "../domain/combat/state.ts";
import type { ResultatAction, TypeAction, TypeCombat, TypeEffet, TypeEntite } from "../domain/combat/values.ts";

/** Rows as they are written; instants are ISO 8601 in UTC, ids in lower case, as the database gives them back. */

export interface InstanceRow {
  readonly combat_id: string;
  etat: "PREPARATION" | "EN_COURS" | "TERMINE" | "ABANDONNE";
  type_combat: TypeCombat;
  zone_id: string;
  zone_nom: string | null;
  tour_actuel: number;
  ordre_tour: readonly string[];
  participant_actif_id: string | null;
  heure_debut: string;
  heure_fin: string | null;
  duree_tour_ms: number;
  prochain_timeout: string | null;
  conditions_victoire: object;
  recompenses: object;
  version: number;
  manche: number;
  tour_debut: string | null;
  resultat: string | null;
  raison: string | null;
  equipes_victorieuses: readonly string[];
  last_event_sequence: number;
  updated_at: string;
}

/** A skill and the turns of its user's that it is still locked for. */
export interface SkillEntry {
  readonly competenceId: string;
  readonly nom: string;
  readonly coutMp: number;
  readonly coutStamina: number;
  readonly recharge: number;
  readonly rechargeRestante: number;
}

export interface EffectEntry {
  readonly effetId: string;
  readonly typeEffet: TypeEffet;
  readonly puissance: number;
  readonly dureeTours: number;
  readonly stacks: number;
  readonly estDebuff: boolean;
  readonly peutEtreDissipe: boolean;
}

/** What of a participant's row an event looks at or changes. */
export interface ParticipantState {
  readonly participant_id: string;
  readonly combat_id: string;
  readonly entite_id: string;
  readonly type_entite: TypeEntite;
  position: number;
  etat: Participant["etat"];
  hp_actuel: number;
  mp_actuel: number;
  stamina_actuel: number;
  effets_actifs: readonly EffectEntry[];
  competences_disponibles: readonly SkillEntry[];
  peut_agir: boolean;
  rejoint: boolean;
  en_defense: boolean;
  last_event_sequence: number;
  updated_at: string;
}

export interface ParticipantRow extends ParticipantState {
  readonly equipe: string;
  readonly nom: string;
  readonly niveau: number;
  readonly initiative: number;
  readonly hp_max: number;
  readonly mp_max: number;
  readonly stamina_max: number;
  readonly stats_combat: object;
  readonly resistances: object;
  readonly equipement: object;
}

export interface EffectRow {
  readonly effet_id: string;
  readonly participant_id: string;
  readonly combat_id: string;
  readonly type_effet: TypeEffet;
  readonly source_type: string;
  readonly source_id: string | null;
  puissance: number;
  duree_tours_restants: number;
  readonly stacks: number;
  modificateurs: object;
  readonly est_debuff: boolean;
  readonly peut_etre_dissipe: boolean;
  readonly applique_a: string;
  event_sequence: number;
}

export interface ActionRow {
  readonly action_id: string;
  readonly combat_id: string;
  readonly numero_tour: number;
  readonly participant_id: string;
  readonly type_action: TypeAction;
  readonly competence_id: string | null;
  readonly item_id: string | null;
  readonly cibles: readonly string[];
  readonly donnees_action: {
    readonly cout: object;
    readonly jets: readonly object[];
    readonly deplacement?: { readonly de: number; readonly vers: number };
    readonly automatique?: true;
  };
  readonly resultat: ResultatAction;
  readonly effets_appliques: readonly object[];
  readonly temps_execution_ms: number | null;
  readonly timestamp: string;
  readonly event_sequence: number;
}

export interface HistoryRow {
  readonly historique_id: string;
  readonly combat_id: string;
  readonly numero_tour: number;
  readonly type_evenement: "ACTION" | "EFFET" | "ETAT" | "TIMEOUT";
  readonly acteur_id: string | null;
  readonly details: object;
  readonly severite: "INFO" | "IMPORTANT" | "CRITIQUE";
  readonly timestamp: string;
  readonly event_sequence: number;
  readonly event_type: string;
}

/** What a combat adds to a player's figures. */
export interface StatisticsRow {
  readonly joueur_id: string;
  readonly combats: number;
  readonly victoires: number;
  readonly defaites: number;
  readonly nuls: number;
  readonly degats_infliges: number;
  readonly degats_subis: number;
  readonly soins_prodigues: number;
  readonly eliminations: number;
  readonly morts: number;
  readonly last_event_sequence: number;
  readonly updated_at: string;
}

/** The event that writes a row. */
export interface Stamp {
  readonly sequence: number;
  readonly timestamp: string;
}

/** An id in capitals is the same id, and the database gives it back in lower case. */
export function canonical(id: string): string {
  return id.toLowerCase();
}

export function freshParticipant(
  combatId: string,
  one: ParticipantInitial,
  rejoint: boolean,
  at: Stamp,
): ParticipantRow {
  return {
    participant_id: canonical(one.participantId),
    combat_id: combatId,
    entite_id: canonical(one.entiteId),
    type_entite: one.typeEntite,
    equipe: one.equipe,
    nom: one.nom,
    niveau: one.niveau,
    initiative: one.initiative,
    position: one.position,
    etat: "ACTIF",
    hp_actuel: one.hpActuel,
    hp_max: one.hpMax,
    mp_actuel: one.mpActuel,
    mp_max: one.mpMax,
    stamina_actuel: one.staminaActuel,
    stamina_max: one.staminaMax,
    stats_combat: one.statsCombat,
    resistances: one.resistances,
    effets_actifs: [],
    equipement: one.equipement,
    competences_disponibles: one.competences.map(({ competenceId, nom, coutMp, coutStamina, recharge }) => ({
      competenceId: canonical(competenceId),
      nom,
      coutMp,
      coutStamina,
      recharge,
      rechargeRestante: 0,
    })),
    peut_agir: true,
    rejoint,
    en_defense: false,
    last_event_sequence: at.sequence,
    updated_at: at.timestamp,
  };
}
