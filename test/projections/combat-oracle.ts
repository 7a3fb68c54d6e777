import { combat } from "../../domain/combat/combat.ts";
import type { CombatEvent } from "../../domain/combat/events.ts";
import { initialCombat } from "../../domain/combat/state.ts";
import { typeEffet } from "../../domain/combat/values.ts";
import type { StoredEvent } from "../../domain/envelope.ts";

type Row = Record<string, unknown>;
export type Tables = Readonly<Record<string, readonly Row[]>>;

const KEYS = {
  instances_combat: "combat_id",
  participants_combat: "participant_id",
  actions_combat: "action_id",
  effets_statut: "effet_id",
  historique_combat: "historique_id",
  statistiques_joueur: "joueur_id",
} as const;

export function inOrder(table: string, rows: readonly Row[]): Row[] {
  const key = KEYS[table as keyof typeof KEYS];
  return [...rows].sort((one, other) => (String(one[key]) < String(other[key]) ? -1 : 1));
}

type One<Type extends CombatEvent["eventType"]> = Extract<CombatEvent, { eventType: Type }>["payload"];

/** Whom an event is about. */
function concerned(event: CombatEvent): readonly string[] | "everyone" {
  switch (event.eventType) {
    case "CombatPrepare":
    case "CombatDemarre":
    case "CombatTermine":
    case "CombatAbandonne":
      return "everyone";
    case "DegatsInfliges":
    case "SoinsRecus":
      return [event.payload.cible];
    default:
      return [event.payload.participantId];
  }
}

const HIDDEN = "statsCombat resistances immunites equipement competences objets comportement phases suivi cote".split(
  " ",
);

function published({ graine: _, ...payload }: Row): Row {
  if (!("participants" in payload)) return payload;
  const participants = (payload["participants"] as Row[]).map((one) =>
    Object.fromEntries(Object.entries(one).filter(([name]) => !HIDDEN.includes(name))),
  );
  return { ...payload, participants };
}

const over = (etat: string) => etat === "TERMINE" || etat === "ABANDONNE";

/** A combat's rows from its own state, folded by the game's `evolve`, event by event. */
function combatRows(events: readonly StoredEvent[], tables: Record<keyof typeof KEYS, Row[]>): void {
  let state = initialCombat;
  const written = new Map<string, StoredEvent>();
  const effects = new Map<string, { first: StoredEvent; payload: One<"EffetStatutApplique">; last: StoredEvent }>();
  const instance: Row = { heure_debut: null, heure_fin: null, tour_debut: null, raison: null, recompenses: {} };
  for (const stored of events) {
    const event = stored as unknown as CombatEvent;
    const before = state;
    state = combat.evolve(state, event);
    const whom = concerned(event);
    for (const id of whom === "everyone" ? Object.keys(state.participants) : whom) written.set(id, stored);
    if (event.eventType === "CombatPrepare" || event.eventType === "CombatDemarre") {
      instance["heure_debut"] = stored.timestamp;
      instance["recompenses"] = event.payload.recompenses;
    }
    if (event.eventType === "TourDebute") {
      instance["tour_debut"] = stored.timestamp;
      for (const id of Object.keys(before.participants[event.payload.participantId]?.effets ?? {})) touch(id, stored);
    }
    if (event.eventType === "EffetStatutApplique")
      effects.set(event.payload.effetId, { first: stored, payload: event.payload, last: stored });
    if (event.eventType === "DegatsInfliges")
      for (const { effetId } of event.payload.boucliers ?? []) touch(effetId, stored);
    if (event.eventType === "CombatTermine") {
      instance["heure_fin"] = stored.timestamp;
      instance["raison"] = event.payload.raison;
      instance["recompenses"] = { ...(instance["recompenses"] as object), attribuees: event.payload.recompenses };
    }
    if (event.eventType === "CombatAbandonne") {
      instance["heure_fin"] = stored.timestamp;
      instance["raison"] = event.payload.raison;
    }
    if (event.eventType === "ActionExecutee") {
      const { actionId, participantId, typeAction, competenceId, itemId, cibles, resultat, ...rest } = event.payload;
      const { numeroTour, effetsAppliques, ...donnees } = rest;
      tables.actions_combat.push({
        action_id: actionId,
        combat_id: stored.aggregateId,
        numero_tour: numeroTour,
        participant_id: participantId,
        type_action: typeAction,
        competence_id: competenceId ?? null,
        item_id: itemId ?? null,
        cibles,
        donnees_action: donnees,
        resultat,
        effets_appliques: effetsAppliques,
        temps_execution_ms: Date.parse(stored.timestamp) - Date.parse(String(instance["tour_debut"])),
        timestamp: stored.timestamp,
        event_sequence: stored.sequence,
      });
    }
    tables.historique_combat.push({
      historique_id: stored.eventId,
      combat_id: stored.aggregateId,
      numero_tour: state.tourActuel,
      details: published(stored.payload as Row),
      timestamp: stored.timestamp,
      event_sequence: stored.sequence,
      event_type: stored.eventType,
    });
  }
  function touch(effetId: string, by: StoredEvent): void {
    const known = effects.get(effetId);
    if (known !== undefined) known.last = by;
  }

  const last = events.at(-1);
  if (last === undefined) return;
  tables.instances_combat.push({
    ...instance,
    combat_id: last.aggregateId,
    etat: state.etat,
    type_combat: state.typeCombat,
    zone_id: state.zone.zoneId,
    zone_nom: state.zone.nom ?? null,
    tour_actuel: state.tourActuel,
    ordre_tour: state.ordreTour,
    participant_actif_id: state.participantActifId,
    duree_tour_ms: state.dureeTourMs,
    prochain_timeout: state.echeance,
    conditions_victoire: state.conditionsVictoire,
    last_event_sequence: last.sequence,
    updated_at: last.timestamp,
    version: state.version,
    manche: state.manche,
    resultat: state.fin?.resultat ?? null,
    equipes_victorieuses: state.fin?.equipesVictorieuses ?? [],
  });
  for (const one of Object.values(state.participants)) {
    const worn = over(state.etat) ? [] : Object.values(one.effets);
    worn.sort((a, b) => typeEffet.options.indexOf(a.typeEffet) - typeEffet.options.indexOf(b.typeEffet));
    tables.participants_combat.push({
      participant_id: one.participantId,
      combat_id: last.aggregateId,
      entite_id: one.entiteId,
      type_entite: one.typeEntite,
      nom: one.nom,
      niveau: one.niveau,
      initiative: one.initiative,
      position: one.position,
      etat: one.etat,
      hp_actuel: one.hpActuel,
      hp_max: one.hpMax,
      mp_actuel: one.mpActuel,
      mp_max: one.mpMax,
      stamina_actuel: one.staminaActuel,
      stamina_max: one.staminaMax,
      stats_combat: one.statsCombat,
      resistances: one.resistances,
      effets_actifs: worn.map(({ sourceId: _, ...effect }) => effect),
      equipement: one.equipement,
      competences_disponibles: one.competences.map((skill) => ({
        competenceId: skill.competenceId,
        nom: skill.nom,
        coutMp: skill.coutMp,
        coutStamina: skill.coutStamina,
        recharge: skill.recharge,
        rechargeRestante: one.recharges[skill.competenceId] ?? 0,
      })),
      peut_agir: !over(state.etat) && one.etat === "ACTIF" && !worn.some((effect) => effect.typeEffet === "STUN"),
      last_event_sequence: written.get(one.participantId)?.sequence,
      updated_at: written.get(one.participantId)?.timestamp,
      equipe: one.equipe,
      rejoint: one.rejoint,
      en_defense: one.enDefense,
    });
    for (const effect of worn) {
      const known = effects.get(effect.effetId);
      if (known === undefined) throw new Error("an effect out of nothing");
      const { source, modificateurs } = known.payload;
      tables.effets_statut.push({
        effet_id: effect.effetId,
        participant_id: one.participantId,
        combat_id: last.aggregateId,
        type_effet: effect.typeEffet,
        source_type: source.type,
        source_id: source.id,
        puissance: effect.puissance,
        duree_tours_restants: effect.dureeTours,
        stacks: effect.stacks,
        modificateurs: effect.typeEffet === "BOUCLIER" ? { absorption: effect.puissance } : modificateurs,
        est_debuff: effect.estDebuff,
        peut_etre_dissipe: effect.peutEtreDissipe,
        applique_a: known.first.timestamp,
        event_sequence: known.last.sequence,
      });
    }
    if (state.etat !== "TERMINE" || one.typeEntite !== "JOUEUR") continue;
    const draw = state.fin?.resultat === "NUL";
    const won =
      !draw && state.fin?.equipesVictorieuses.includes(one.equipe) === true && one.etat !== "FUITE" && !one.retire;
    const known = tables.statistiques_joueur.find((row) => row["joueur_id"] === one.entiteId);
    const sum = (name: string, more: number) => Number(known?.[name] ?? 0) + more;
    const next = {
      joueur_id: one.entiteId,
      combats: sum("combats", 1),
      victoires: sum("victoires", won ? 1 : 0),
      defaites: sum("defaites", won || draw ? 0 : 1),
      nuls: sum("nuls", draw ? 1 : 0),
      degats_infliges: sum("degats_infliges", one.bilan.degatsInfliges),
      degats_subis: sum("degats_subis", one.bilan.degatsSubis),
      soins_prodigues: sum("soins_prodigues", one.bilan.soinsProdigues),
      eliminations: sum("eliminations", one.bilan.eliminations.length),
      morts: sum("morts", one.hpActuel === 0 ? 1 : 0),
      last_event_sequence: Math.max(Number(known?.["last_event_sequence"] ?? 0), last.sequence),
      updated_at: [String(known?.["updated_at"] ?? ""), last.timestamp].sort().at(-1),
    };
    if (known === undefined) tables.statistiques_joueur.push(next);
    else Object.assign(known, next);
  }
}

/** What the tables must hold after a log, but for the words of the history's lines. */
export function expectedTables(log: readonly StoredEvent[]): Tables {
  const tables: Record<keyof typeof KEYS, Row[]> = {
    instances_combat: [],
    participants_combat: [],
    actions_combat: [],
    effets_statut: [],
    historique_combat: [],
    statistiques_joueur: [],
  };
  const ids = new Set(log.map((event) => event.aggregateId));
  for (const id of ids)
    combatRows(
      log.filter((event) => event.aggregateId === id),
      tables,
    );
  return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, inOrder(table, rows)]));
}
