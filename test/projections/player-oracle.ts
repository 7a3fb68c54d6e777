import type { StoredEvent } from "../../domain/envelope.ts";
import { player } from "../../domain/player/player.ts";
import { PART_TYPES, type PlayerEvent, type PlayerState } from "../../domain/player/state.ts";
import { lastingStats, outfitOf } from "../../domain/player/stats.ts";
import { emplacement } from "../../domain/values.ts";
import { searchable } from "../../projections/searchable.ts";
import { derivedUuid, partId } from "../../store/uuid.ts";
import { toldIn } from "./player-logs.ts";

export type Row = Readonly<Record<string, unknown>>;
type Event = StoredEvent & PlayerEvent;
type Payload = Readonly<Record<string, unknown>>;

const last = (events: readonly Event[]) => events.at(-1);
const payloadOf = (event: Event) => event.payload as Payload;

function joueur(state: PlayerState, events: readonly Event[]): Row {
  const count = (type: string, wanted: Payload = {}) =>
    events.filter(
      (one) =>
        one.eventType === type && Object.entries(wanted).every(([name, value]) => payloadOf(one)[name] === value),
    ).length;
  const statistiques = {
    combats: count("CombatQuitte"),
    victoires: count("CombatQuitte", { resultat: "VICTOIRE" }),
    defaites: count("CombatQuitte", { resultat: "DEFAITE" }),
    nuls: count("CombatQuitte", { resultat: "NUL" }),
    abandons: count("CombatQuitte", { resultat: "ABANDON" }),
    quetes_terminees: count("QueteTerminee"),
  };
  const told = (name: string) => last(events.filter((one) => name in payloadOf(one)))?.payload as Payload | undefined;
  const streams = PART_TYPES.map((type) => [type, last(events.filter((one) => one.aggregateType === type))?.sequence]);
  const tenue = last(events.filter((one) => payloadOf(one)["tenue"] !== undefined))?.sequence;
  const stats = last(
    events.filter(
      (one) =>
        one.eventType !== "JoueurCree" && ("statsTotales" in one.payload || payloadOf(one)["tenue"] !== undefined),
    ),
  )?.sequence;
  return {
    joueur_id: state.joueur.joueurId,
    username: state.joueur.username,
    pseudo: state.joueur.pseudo,
    pseudo_recherche: searchable(state.joueur.pseudo),
    classe: state.joueur.classe,
    niveau: state.joueur.niveau,
    experience: state.joueur.experience,
    experience_prochain_niveau: told("experienceProchainNiveau")?.["experienceProchainNiveau"],
    stats_base: state.joueur.statsBase,
    stats_equipement: outfitOf(state).statsEquipement,
    stats_totales: lastingStats(state),
    or: state.joueur.or,
    gemmes: 0,
    titre: null,
    guilde_id: state.joueur.guilde?.guildeId ?? null,
    guilde_nom: state.joueur.guilde?.nom ?? null,
    reputation: Object.fromEntries(
      Object.entries(state.relations.pnj)
        .filter(([pnjId]) =>
          events.some((one) => one.eventType === "ReputationModifiee" && one.payload.pnjId === pnjId),
        )
        .map(([pnjId, relation]) => [pnjId, relation.reputation]),
    ),
    realisations: [],
    statistiques_jeu: {
      score_arene: state.joueur.cote,
      ...Object.fromEntries(Object.entries(statistiques).filter(([, times]) => times > 0)),
    },
    derniere_connexion: payloadA(last(events.filter((one) => one.eventType === "JoueurConnecte"))),
    cree_a: payloadA(events[0]),
    last_event_sequence: last(events)?.sequence,
    updated_at: last(events)?.timestamp,
    sequences: Object.fromEntries(
      [...streams, ["tenue", tenue], ["statsTotales", stats]].filter(([, at]) => at !== undefined),
    ),
  };
}

function payloadA(event: Event | undefined): unknown {
  return event === undefined ? null : payloadOf(event)["a"];
}

function things(state: PlayerState, events: readonly Event[]): { inventaire: Row; items: Row[]; set: Row } {
  const { joueurId } = state.joueur;
  const inventaire_id = partId(joueurId, "Inventaire");
  const moved = last(events.filter((one) => one.aggregateType === "Inventaire" || one.eventType === "JoueurCree"));
  const dressed = last(events.filter((one) => payloadOf(one)["tenue"] !== undefined || one.eventType === "JoueurCree"));
  const bySlot = new Map<string, Event[]>();
  for (const event of events) {
    if (event.aggregateType !== "Inventaire") continue;
    const { slotId, echange } = event.payload as { slotId?: string; echange?: { slotId: string } };
    for (const id of new Set([slotId ?? "", echange?.slotId ?? ""])) bySlot.set(id, [...(bySlot.get(id) ?? []), event]);
  }
  const outfit = outfitOf(state);
  const slots = Object.values(state.inventaire.slots);
  return {
    inventaire: {
      inventaire_id,
      joueur_id: joueurId,
      capacite: state.inventaire.capacite,
      poids_actuel: state.inventaire.poidsActuel,
      poids_max: state.inventaire.poidsMax,
      slots_utilises: slots.length,
      extensions: events.flatMap((one) =>
        one.eventType === "CapaciteModifiee" && one.payload.raison === "OBJET"
          ? [{ ...one.payload.ajout, reference: one.payload.reference, a: one.timestamp }]
          : [],
      ),
      last_event_sequence: moved?.sequence,
      updated_at: moved?.timestamp,
    },
    items: slots.map((slot) => {
      const about = bySlot.get(slot.slotId) ?? [];
      const came = about.find((one) => one.eventType === "ItemAjoute" && one.payload.slotId === slot.slotId);
      return {
        slot_id: slot.slotId,
        inventaire_id,
        joueur_id: joueurId,
        item_id: slot.itemId,
        quantite: slot.quantite,
        type_slot: came === undefined ? "?" : payloadOf(came)["typeSlot"],
        position_slot: slot.position,
        est_equipe: slot.emplacement !== null,
        proprietes_instance: slot.proprietes,
        obtenu_a: slot.obtenuA,
        event_sequence: last(about)?.sequence,
      };
    }),
    set: {
      equipement_id: partId(joueurId, "Equipement"),
      joueur_id: joueurId,
      ...Object.fromEntries(
        emplacement.options.map((place) => [
          `slot_${place.toLowerCase()}`,
          slots.find((slot) => slot.emplacement === place)?.slotId ?? null,
        ]),
      ),
      bonus_set: outfit.bonusSet,
      valeur_defense_totale: outfit.valeurDefense,
      valeur_attaque_totale: outfit.valeurAttaque,
      last_event_sequence: dressed?.sequence,
      updated_at: dressed?.timestamp,
    },
  };
}

function skills(state: PlayerState, events: readonly Event[]): Row[] {
  const { joueurId } = state.joueur;
  return state.competences.apprises.map(({ competenceId, niveau, definition, echeance }) => {
    const about = events.filter(
      (one) => one.aggregateType === "Competence" && payloadOf(one)["competenceId"] === competenceId,
    );
    const locked = last(about.filter((one) => one.eventType === "CooldownDemarre"));
    return {
      competence_joueur_id: derivedUuid(competenceId, joueurId),
      joueur_id: joueurId,
      competence_id: competenceId,
      niveau_competence: niveau,
      experience_competence: 0,
      assignee_barre: false,
      position_barre: null,
      cooldown_restant_secondes:
        locked === undefined || echeance === null
          ? 0
          : Math.ceil((Date.parse(echeance) - Date.parse(locked.timestamp)) / 1_000),
      dernier_usage: last(about.filter((one) => one.eventType === "CompetenceUtilisee"))?.timestamp ?? null,
      modificateurs_actifs: [],
      last_event_sequence: last(about)?.sequence,
      updated_at: last(about)?.timestamp,
      echeance,
      definition,
    };
  });
}

const STATES = { QueteTerminee: "COMPLETE", QueteEchouee: "ECHOUEE", QueteAbandonnee: "ABANDONEE" } as const;

/** Acceptance by acceptance, in the order of the log. */
function quests(state: PlayerState, events: readonly Event[]): Row[] {
  const { joueurId } = state.joueur;
  const rows: Row[] = [];
  const ids = new Map<string, string>();
  for (const accepted of events) {
    if (accepted.eventType !== "QueteAcceptee") continue;
    const { queteId, acceptation, definition, accepteeA, expireA } = accepted.payload;
    const about = events.filter(
      ({ payload }) => "queteId" in payload && payload.queteId === queteId && payload.acceptation === acceptation,
    );
    const ended = about.find((one) => one.eventType in STATES);
    const progres = definition.objectifs.map(({ objectifId, requis, ...rest }) => {
      const reached = about.flatMap((one) =>
        one.eventType === "ObjectifProgresse" && one.payload.objectifId === objectifId ? [one.payload.apres] : [],
      );
      const { type, cible, description } = rest;
      return {
        objectifId,
        type,
        cible: cible ?? null,
        description,
        progres: Math.min(reached.at(-1) ?? 0, requis),
        requis,
      };
    });
    const percents = progres.map((one) => Math.floor((100 * one.progres) / one.requis));
    const etat = ended === undefined ? "EN_COURS" : STATES[ended.eventType as keyof typeof STATES];
    const id = ids.get(queteId) ?? derivedUuid(`${queteId} ${acceptation}`, joueurId);
    const resumed = rows.findIndex((row) => row["quete_joueur_id"] === id);
    if (resumed >= 0) rows.splice(resumed, 1);
    // Only what was given up goes on in its row.
    if (etat === "ABANDONEE") ids.set(queteId, id);
    else ids.delete(queteId);
    rows.push({
      quete_joueur_id: id,
      joueur_id: joueurId,
      quete_id: queteId,
      etat,
      progres_objectifs: progres,
      pourcentage_completion:
        etat === "COMPLETE" ? 100 : Math.floor(percents.reduce((sum, one) => sum + one, 0) / percents.length),
      suivie: false,
      acceptee_a: accepteeA,
      completee_a: ended?.eventType === "QueteTerminee" ? ended.payload.termineeA : null,
      expire_a: expireA,
      last_event_sequence: last(about)?.sequence,
      updated_at: last(about)?.timestamp,
      acceptation,
      nom: definition.nom,
    });
  }
  return rows;
}

function levels(events: readonly Event[]): Row[] {
  return events.flatMap((one) =>
    one.eventType === "NiveauAtteint"
      ? [
          {
            historique_id: one.eventId,
            joueur_id: one.payload.joueurId,
            niveau_atteint: one.payload.nouveauNiveau,
            experience_total: one.payload.experienceTotale,
            atteint_a: one.payload.a,
            event_sequence: one.sequence,
          },
        ]
      : [],
  );
}

/** Every row that a log leads to, as the deciders' own fold has the players at its end. By table, in no order. */
export function rowsOf(log: readonly StoredEvent[]): Readonly<Record<string, Row[]>> {
  const told = toldIn(log) as readonly Event[];
  const players = [...new Set(told.map(({ payload }) => payload.joueurId))].map((joueurId) => {
    const events = told.filter(({ payload }) => payload.joueurId === joueurId);
    return { events, state: events.reduce((state, event) => player.evolve(state, event), player.initial) };
  });
  const owned = players.map(({ state, events }) => things(state, events));
  return {
    joueurs: players.map(({ state, events }) => joueur(state, events)),
    inventaires: owned.map(({ inventaire }) => inventaire),
    items_inventaire: owned.flatMap(({ items }) => items),
    sets_equipement: owned.map(({ set }) => set),
    competences_joueur: players.flatMap(({ state, events }) => skills(state, events)),
    quetes_joueur: players.flatMap(({ state, events }) => quests(state, events)),
    historique_niveau: players.flatMap(({ events }) => levels(events)),
  };
}
