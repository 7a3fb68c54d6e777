import { type SchemaType, schema, t } from "@colyseus/schema";
import type { CombatState, Effet, LigneJournal, Participant } from "../domain/combat/state.ts";

/** The combat's state as clients see it (contract: "Rooms"). A projection of the durable state, and of nothing else. */
export const EffetView = schema(
  {
    effetId: t.string(),
    typeEffet: t.string(),
    puissance: t.number(),
    dureeTours: t.number(),
    stacks: t.number(),
    estDebuff: t.boolean(),
  },
  "Effet",
);

export const ParticipantView = schema(
  {
    participantId: t.string(),
    entiteId: t.string(),
    nom: t.string(),
    typeEntite: t.string(),
    equipe: t.string(),
    niveau: t.number(),
    position: t.number(),
    etat: t.string(),
    hpActuel: t.number(),
    hpMax: t.number(),
    mpActuel: t.number(),
    mpMax: t.number(),
    staminaActuel: t.number(),
    staminaMax: t.number(),
    effets: t.map(EffetView),
  },
  "Participant",
);

export const LigneView = schema(
  {
    version: t.number(),
    numeroTour: t.number(),
    typeEvenement: t.string(),
    code: t.string(),
    acteurId: t.string(),
    cibleId: t.string(),
    valeur: t.number(),
  },
  "Ligne",
);

export const CombatView = schema(
  {
    version: t.number(),
    combatId: t.string(),
    etat: t.string(),
    typeCombat: t.string(),
    tourActuel: t.number(),
    participantActifId: t.string(),
    echeance: t.string(),
    ordreTour: t.array("string"),
    participants: t.map(ParticipantView),
    journal: t.array(LigneView),
  },
  "Combat",
);

export type CombatView = SchemaType<typeof CombatView>;
type ParticipantView = SchemaType<typeof ParticipantView>;

/** Writes what differs. States share what did not change, so that identity tells it at once. */
export function projectCombat(view: CombatView, state: CombatState, before: CombatState | undefined): void {
  view.version = state.version;
  view.combatId = state.combatId;
  view.etat = state.etat;
  view.typeCombat = state.typeCombat;
  view.tourActuel = state.tourActuel;
  view.participantActifId = state.participantActifId ?? "";
  view.echeance = state.echeance ?? "";
  if (state.ordreTour !== before?.ordreTour) {
    view.ordreTour.clear();
    view.ordreTour.push(...state.ordreTour);
  }
  if (state.participants !== before?.participants) {
    for (const [id, participant] of Object.entries(state.participants)) {
      if (participant !== before?.participants[id]) projectParticipant(view, participant, before?.participants[id]);
    }
  }
  if (state.journal !== before?.journal) projectJournal(view, state.journal, before?.journal);
}

function projectParticipant(view: CombatView, participant: Participant, before: Participant | undefined): void {
  let shown = view.participants.get(participant.participantId);
  if (shown === undefined) {
    const { participantId, entiteId, nom, typeEntite, equipe, niveau } = participant;
    shown = new ParticipantView().assign({ participantId, entiteId, nom, typeEntite, equipe, niveau });
    view.participants.set(participantId, shown);
  }
  // One by one: a setter that finds nothing new costs next to nothing, `assign` looks every name up.
  shown.position = participant.position;
  shown.etat = participant.etat;
  shown.hpActuel = participant.hpActuel;
  shown.hpMax = participant.hpMax;
  shown.mpActuel = participant.mpActuel;
  shown.mpMax = participant.mpMax;
  shown.staminaActuel = participant.staminaActuel;
  shown.staminaMax = participant.staminaMax;
  if (participant.effets !== before?.effets) projectEffects(shown, participant.effets);
}

function projectEffects(shown: ParticipantView, effets: Readonly<Record<string, Effet>>): void {
  for (const id of [...shown.effets.keys()]) {
    if (!(id in effets)) shown.effets.delete(id);
  }
  for (const [id, { effetId, typeEffet, puissance, dureeTours, stacks, estDebuff }] of Object.entries(effets)) {
    let effet = shown.effets.get(id);
    if (effet === undefined) {
      effet = new EffetView();
      shown.effets.set(id, effet);
    }
    effet.assign({ effetId, typeEffet, puissance, dureeTours, stacks, estDebuff });
  }
}

/** Lines are only ever added at the end and dropped at the front, but where a replay goes back. */
function projectJournal(
  view: CombatView,
  lines: readonly LigneJournal[],
  before: readonly LigneJournal[] | undefined,
): void {
  const first = lines[0];
  const dropped = before === undefined || first === undefined ? -1 : before.indexOf(first);
  if (dropped < 0) view.journal.clear();
  else for (let i = 0; i < dropped; i += 1) view.journal.shift();
  for (const line of lines.slice(view.journal.length)) {
    const shown = new LigneView();
    shown.version = line.version;
    shown.numeroTour = line.numeroTour;
    shown.typeEvenement = line.typeEvenement;
    shown.code = line.code;
    shown.acteurId = line.acteurId ?? "";
    shown.cibleId = line.cibleId ?? "";
    shown.valeur = line.valeur;
    view.journal.push(shown);
  }
}
