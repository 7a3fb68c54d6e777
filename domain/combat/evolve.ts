import type { CombatEvent, PayloadOf } from "./events.ts";
import { journalAfter } from "./journal.ts";
import type { ParticipantInitial } from "./participant.ts";
import type { CombatState, Effet, Participant } from "./state.ts";

type Change = (one: Participant) => Partial<Participant>;

/** An event about someone unknown changes nobody: folding never fails. */
function changed(participants: CombatState["participants"], id: string, change: Change): CombatState["participants"] {
  const one = participants[id];
  return one === undefined ? participants : { ...participants, [id]: { ...one, ...change(one) } };
}

function without<Value>(record: Readonly<Record<string, Value>>, key: string): Record<string, Value> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}

function fresh(one: ParticipantInitial, rejoint: boolean): Participant {
  return {
    ...one,
    etat: "ACTIF",
    rejoint,
    effets: {},
    recharges: {},
    enDefense: false,
    derniereAction: null,
    inactivite: 0,
    retire: false,
    bilan: {
      degatsInfliges: 0,
      degatsSubis: 0,
      soinsProdigues: 0,
      actions: 0,
      eliminations: [],
      objetsUtilises: {},
    },
  };
}

function prepared(state: CombatState, payload: PayloadOf<"CombatPrepare">): CombatState {
  const { participants, ...settings } = payload;
  return {
    ...state,
    ...settings,
    etat: "PREPARATION",
    ordreTour: participants.map((one) => one.participantId),
    participants: Object.fromEntries(participants.map((one) => [one.participantId, fresh(one, false)])),
  };
}

function started(state: CombatState, payload: PayloadOf<"CombatDemarre">): CombatState {
  const { participants, ordreInitiative, ...settings } = payload;
  return {
    ...state,
    ...settings,
    etat: "EN_COURS",
    echeance: null,
    ordreTour: ordreInitiative,
    participants: Object.fromEntries(
      participants.map((one) => [
        one.participantId,
        fresh(one, state.participants[one.participantId]?.rejoint ?? false),
      ]),
    ),
  };
}

function lapsed(effets: Participant["effets"]): Participant["effets"] {
  const next: Record<string, Effet> = {};
  for (const id in effets) {
    const effect = effets[id];
    if (effect !== undefined) next[id] = { ...effect, dureeTours: Math.max(0, effect.dureeTours - 1) };
  }
  return next;
}

function cooled(recharges: Participant["recharges"]): Participant["recharges"] {
  const next: Record<string, number> = {};
  for (const id in recharges) {
    const left = (recharges[id] ?? 0) - 1;
    if (left > 0) next[id] = left;
  }
  return next;
}

function turned(state: CombatState, payload: PayloadOf<"TourDebute">): CombatState {
  return {
    ...state,
    tourActuel: payload.numeroTour,
    manche: payload.manche,
    participantActifId: payload.participantId,
    echeance: payload.echeance,
    ordreTour: payload.ordreTour ?? state.ordreTour,
    participants: changed(state.participants, payload.participantId, (one) => ({
      enDefense: false,
      effets: lapsed(one.effets),
      recharges: cooled(one.recharges),
    })),
  };
}

function acted(one: Participant, payload: PayloadOf<"ActionExecutee">): Partial<Participant> {
  const { cout, typeAction, competenceId, deplacement, resultat, automatique } = payload;
  const used = cout.objet;
  const tally =
    used === undefined
      ? one.bilan.objetsUtilises
      : {
          ...one.bilan.objetsUtilises,
          [used.itemId]: (one.bilan.objetsUtilises[used.itemId] ?? 0) + used.quantite,
        };
  return {
    mpActuel: cout.mpApres,
    staminaActuel: cout.staminaApres,
    derniereAction: typeAction,
    inactivite: automatique === undefined ? 0 : one.inactivite + 1,
    enDefense: typeAction === "DEFENSE",
    position: deplacement?.vers ?? one.position,
    etat: typeAction === "FUITE" && resultat === "SUCCES" ? "FUITE" : one.etat,
    objets:
      used === undefined
        ? one.objets
        : one.objets.map((item) => (item.itemId === used.itemId ? { ...item, quantite: used.quantiteApres } : item)),
    recharges:
      competenceId === undefined || cout.recharge === undefined
        ? one.recharges
        : { ...one.recharges, [competenceId]: cout.recharge },
    bilan: { ...one.bilan, actions: one.bilan.actions + 1, objetsUtilises: tally },
  };
}

function afflicted(one: Participant, payload: PayloadOf<"EffetStatutApplique">): Partial<Participant> {
  const { effetId, typeEffet, puissance, dureeTours, stacks, estDebuff, peutEtreDissipe, source } = payload;
  const effect = {
    effetId,
    typeEffet,
    sourceId: source.participantId,
    puissance,
    dureeTours,
    stacks,
    estDebuff,
    peutEtreDissipe,
  };
  return { effets: { ...one.effets, [effetId]: effect } };
}

function hurt(state: CombatState, payload: PayloadOf<"DegatsInfliges">): CombatState["participants"] {
  const { cible, source, degatsFinaux, hpAvant, hpApres, etatApres, boucliers = [] } = payload;
  const lost = hpAvant - hpApres;
  const victim = state.participants[cible];
  const after = changed(state.participants, cible, (one) => {
    let effets = one.effets;
    for (const shield of boucliers) {
      const effect = effets[shield.effetId];
      if (effect !== undefined) effets = { ...effets, [shield.effetId]: { ...effect, puissance: shield.reste } };
    }
    return {
      hpActuel: hpApres,
      etat: etatApres,
      effets,
      bilan: { ...one.bilan, degatsSubis: one.bilan.degatsSubis + lost },
    };
  });
  if (degatsFinaux === 0 || victim === undefined) return after;
  const fell = etatApres !== "ACTIF";
  return changed(after, source.participantId, (one) => ({
    bilan: {
      ...one.bilan,
      degatsInfliges: one.bilan.degatsInfliges + lost,
      eliminations: fell ? [...one.bilan.eliminations, victim.entiteId] : one.bilan.eliminations,
    },
  }));
}

function healed(state: CombatState, payload: PayloadOf<"SoinsRecus">): CombatState["participants"] {
  const { cible, source, ressource, apres, soinFinal } = payload;
  const after = changed(state.participants, cible, () => {
    switch (ressource) {
      case "HP":
        return { hpActuel: apres };
      case "MP":
        return { mpActuel: apres };
      case "STAMINA":
        return { staminaActuel: apres };
    }
  });
  if (ressource !== "HP") return after;
  return changed(after, source.participantId, (one) => ({
    bilan: { ...one.bilan, soinsProdigues: one.bilan.soinsProdigues + soinFinal },
  }));
}

function folded(state: CombatState, event: CombatEvent): CombatState {
  const { participants } = state;
  switch (event.eventType) {
    case "CombatPrepare":
      return prepared(state, event.payload);
    case "CombatRejoint":
      return { ...state, participants: changed(participants, event.payload.participantId, () => ({ rejoint: true })) };
    case "CombatDemarre":
      return started(state, event.payload);
    case "TourDebute":
      return turned(state, event.payload);
    case "ActionExecutee":
      return {
        ...state,
        participants: changed(participants, event.payload.participantId, (one) => acted(one, event.payload)),
      };
    case "EffetStatutApplique":
      return {
        ...state,
        participants: changed(participants, event.payload.participantId, (one) => afflicted(one, event.payload)),
      };
    case "EffetStatutExpire":
      return {
        ...state,
        participants: changed(participants, event.payload.participantId, (one) => ({
          effets: without(one.effets, event.payload.effetId),
        })),
      };
    case "DegatsInfliges":
      return { ...state, participants: hurt(state, event.payload) };
    case "SoinsRecus":
      return { ...state, participants: healed(state, event.payload) };
    case "ParticipantRetire":
      return {
        ...state,
        participants: changed(participants, event.payload.participantId, () => ({
          etat: event.payload.etatApres,
          retire: true,
        })),
      };
    case "CombatTermine": {
      const { resultat, raison, equipesVictorieuses } = event.payload;
      const fin = { resultat, raison, equipesVictorieuses };
      return { ...state, etat: "TERMINE", participantActifId: null, echeance: null, fin };
    }
    case "CombatAbandonne":
      return { ...state, etat: "ABANDONNE", participantActifId: null, echeance: null };
  }
}

/** Folds one event. Total: any event of the schema on any state gives a state, one version on. */
export function evolve(state: CombatState, event: CombatEvent): CombatState {
  const next = folded(state, event);
  return { ...next, version: state.version + 1, journal: journalAfter(next, event) };
}
