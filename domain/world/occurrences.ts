import { accept, type Decision } from "../decider.ts";
import type { Contribution, WorldCommand } from "./commands.ts";
import { type Draft, emit, isoTime, refuse } from "./draft.ts";
import type { WorldEvent } from "./events.ts";
import { type Evenement, groupOf } from "./state.ts";
import type { ResultatEvenement, TypeEvenement } from "./values.ts";

/** World events: how they begin, what counts towards their goals, and how they end. */

type Of<Type extends WorldCommand["type"]> = Extract<WorldCommand, { type: Type }>;

/** [WORLD-11] */
const EVENTS_AT_ONCE = 20;
/** [WORLD-14] */
const CONTRIBUTORS = 10_000;

/** [WORLD-11] */
export function trigger(draft: Draft, { evenementId, definition }: Of<"DeclencherEvenement">): Decision<WorldEvent> {
  const { zones, evenements, evenementsPasses } = draft.state;
  const { zoneId } = definition;
  if (evenements[evenementId] !== undefined || evenementsPasses.includes(evenementId)) return refuse("EVENT_EXISTS");
  if (zoneId !== undefined && zones[zoneId] === undefined) return refuse("ZONE_NOT_FOUND");
  if (Object.keys(evenements).length >= EVENTS_AT_ONCE) return refuse("TOO_MANY_EVENTS");
  const debut = isoTime(draft.now);
  const expireA = isoTime(draft.now + definition.dureeMs);
  emit(draft, { eventType: "EvenementMondialDeclenche", payload: { ...definition, evenementId, debut, expireA } });
  return accept(draft.events);
}

function isOpen(one: Evenement, now: number): boolean {
  return now < Date.parse(one.expireA);
}

/** The biggest contribution first, equals by id: the same order whatever a stored state's keys look like. */
function participantsOf(one: Evenement): { joueurId: string; contribution: number }[] {
  return one.contributions
    .flatMap((group) => Object.entries(group).map(([joueurId, contribution]) => ({ joueurId, contribution })))
    .sort((a, b) => b.contribution - a.contribution || (a.joueurId < b.joueurId ? -1 : 1));
}

function end(draft: Draft, one: Evenement, resultat: ResultatEvenement, raison?: string): void {
  const { evenementId, type, nom, zoneId, progres, objectif, autres, recompenses } = one;
  emit(draft, {
    eventType: "EvenementTermine",
    payload: {
      evenementId,
      type,
      nom,
      ...(zoneId === undefined ? {} : { zoneId }),
      resultat,
      ...(raison === undefined ? {} : { raison }),
      progres,
      objectif,
      participants: participantsOf(one),
      autres,
      recompenses,
      termineA: isoTime(draft.now),
    },
  });
}

/** [WORLD-13]: no more than what is missing; who brings it to its goal ends it. */
function contribute(draft: Draft, one: Evenement, { joueurId, montant }: Contribution, reference: string): void {
  const { evenementId, type, progres, objectif } = one;
  const counted = Math.min(montant, objectif - progres);
  const before = one.contributions[groupOf(joueurId)]?.[joueurId];
  const remembered = before !== undefined || one.contributeurs < CONTRIBUTORS;
  emit(draft, {
    eventType: "EvenementProgresse",
    payload: {
      evenementId,
      type,
      joueurId,
      montant: counted,
      avant: progres,
      apres: progres + counted,
      objectif,
      contribution: remembered ? (before ?? 0) + counted : 0,
      reference,
    },
  });
  const after = draft.state.evenements[evenementId];
  if (after !== undefined && after.progres >= objectif) end(draft, after, "REUSSI");
}

export function contributeTo(draft: Draft, command: Of<"ContribuerEvenement">): Decision<WorldEvent> {
  const one = draft.state.evenements[command.evenementId];
  if (one === undefined) return refuse("EVENT_NOT_FOUND");
  if (!isOpen(one, draft.now)) return refuse("EVENT_OVER");
  contribute(draft, one, command, command.reference);
  return accept(draft.events);
}

/** [WORLD-12]: towards every event of that type that is under way there. */
export function count(
  draft: Draft,
  type: TypeEvenement,
  zoneId: string | undefined,
  contributions: readonly Contribution[],
  reference: string,
): void {
  const ids = Object.keys(draft.state.evenements).sort();
  for (const id of ids) {
    for (const contribution of contributions) {
      const one = draft.state.evenements[id];
      if (one === undefined || one.type !== type || !isOpen(one, draft.now)) break;
      if (one.zoneId === undefined || one.zoneId === zoneId) contribute(draft, one, contribution, reference);
    }
  }
}

/** [WORLD-13] */
export function expire(draft: Draft, evenementId: string): Decision<WorldEvent> {
  const one = draft.state.evenements[evenementId];
  if (one === undefined) return refuse("EVENT_NOT_FOUND");
  if (isOpen(one, draft.now)) return refuse("TOO_EARLY");
  end(draft, one, "ECHOUE");
  return accept(draft.events);
}

/** [WORLD-15] */
export function cancel(draft: Draft, { evenementId, raison }: Of<"AnnulerEvenement">): Decision<WorldEvent> {
  const one = draft.state.evenements[evenementId];
  if (one === undefined) return refuse("EVENT_NOT_FOUND");
  end(draft, one, "ANNULE", raison);
  return accept(draft.events);
}
