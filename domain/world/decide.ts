import { accept, type Decision, type DecisionContext } from "../decider.ts";
import type { WorldCommand } from "./commands.ts";
import { mondeProblems } from "./definition.ts";
import { type Draft, emit, isoTime, refuse } from "./draft.ts";
import type { WorldEvent } from "./events.ts";
import { calendarAt, factorsOf, hoursOf, periodsSince, regrowth } from "./formulas.ts";
import { cancel, contributeTo, count, expire, trigger } from "./occurrences.ts";
import { hasDiscovered, type WorldState } from "./state.ts";

type Of<Type extends WorldCommand["type"]> = Extract<WorldCommand, { type: Type }>;

/** [WORLD-1]: the hour at which a world begins. */
const FIRST_HOUR = 8;
/** [WORLD-3]: more hours than any stop lasts; keeps a wrong clock from counting beyond what an event can hold. */
const MOST_HOURS = 1_000_000_000;
/** [WORLD-16]: a boss comes back after so many hours of the game. */
const RETURN_HOURS = 24;

function create(draft: Draft, { definition }: Of<"CreerMonde">): Decision<WorldEvent> {
  const problems = mondeProblems(definition);
  if (problems.length > 0) return refuse("INVALID_WORLD", problems.join("; "));
  const temps = calendarAt(FIRST_HOUR);
  emit(draft, {
    eventType: "MondeCree",
    payload: {
      ...definition,
      ...temps,
      prochaineHeure: isoTime(draft.now + definition.heureMs),
      facteurs: factorsOf(temps.saison),
      creeA: isoTime(draft.now),
    },
  });
  return accept(draft.events);
}

/** [WORLD-3] */
function passHours(draft: Draft): Decision<WorldEvent> {
  const { state, now } = draft;
  const due = Date.parse(state.prochaineHeure ?? "");
  const hours = Math.min(periodsSince(due, now, state.heureMs), MOST_HOURS);
  if (hours === 0) return refuse("TOO_EARLY");
  const temps = calendarAt(hoursOf(state) + hours);
  emit(draft, {
    eventType: "TempsEcoule",
    payload: {
      ...temps,
      heuresEcoulees: hours,
      prochaineHeure: isoTime(due + hours * state.heureMs),
      facteurs: factorsOf(temps.saison),
    },
  });
  return accept(draft.events);
}

/** [WORLD-5] */
function discover(draft: Draft, { zoneId, joueurId, pseudo }: Of<"DecouvrirZone">): Decision<WorldEvent> {
  const zone = draft.state.zones[zoneId];
  if (zone === undefined) return refuse("ZONE_NOT_FOUND");
  if (hasDiscovered(draft.state, zoneId, joueurId)) return accept([]);
  const premiere = zone.premier === null;
  const nombreDecouvreurs = zone.nombreDecouvreurs + 1;
  const decouverteA = isoTime(draft.now);
  const { nom } = zone;
  emit(draft, {
    eventType: "ZoneDecouverte",
    payload: { zoneId, nom, joueurId, pseudo, premiere, nombreDecouvreurs, decouverteA },
  });
  count(draft, "EXPLORATION", zoneId, [{ joueurId, montant: 1 }], zoneId);
  return accept(draft.events);
}

/** [WORLD-7], [WORLD-8] */
function gather(draft: Draft, { ressourceId, joueurId, quantite }: Of<"RecolterRessource">): Decision<WorldEvent> {
  const one = draft.state.ressources[ressourceId];
  if (one === undefined) return refuse("RESOURCE_NOT_FOUND");
  if (!hasDiscovered(draft.state, one.zoneId, joueurId)) return refuse("ZONE_NOT_DISCOVERED");
  if (quantite > one.quantite) return refuse("NOT_ENOUGH_LEFT");
  const { nom, zoneId, itemId, capacite } = one;
  emit(draft, {
    eventType: "RessourceRecoltee",
    payload: {
      ressourceId,
      nom,
      zoneId,
      joueurId,
      itemId,
      quantite,
      avant: one.quantite,
      apres: one.quantite - quantite,
      capacite,
      prochaineRegeneration: one.prochaineRegeneration ?? isoTime(draft.now + one.regenerationMs),
    },
  });
  count(draft, "RECOLTE", zoneId, [{ joueurId, montant: quantite }], ressourceId);
  return accept(draft.events);
}

/** [WORLD-9], [WORLD-10] */
function regrow(draft: Draft, ressourceId: string): Decision<WorldEvent> {
  const one = draft.state.ressources[ressourceId];
  if (one === undefined) return refuse("RESOURCE_NOT_FOUND");
  if (one.prochaineRegeneration === null) return refuse("FULLY_GROWN");
  const { nom, zoneId, quantite, capacite, regenerationMs } = one;
  const due = Date.parse(one.prochaineRegeneration);
  const periods = periodsSince(due, draft.now, regenerationMs);
  if (periods === 0) return refuse("TOO_EARLY");
  const apres = Math.min(capacite, quantite + periods * regrowth(capacite, draft.state.facteurs.recolte));
  const prochaineRegeneration = apres === capacite ? null : isoTime(due + periods * regenerationMs);
  emit(draft, {
    eventType: "RessourceRegeneree",
    payload: { ressourceId, nom, zoneId, avant: quantite, apres, capacite, prochaineRegeneration },
  });
  return accept(draft.events);
}

/** [WORLD-16], [WORLD-17] */
function defeat(draft: Draft, command: Of<"DeclarerBossVaincu">): Decision<WorldEvent> {
  const { bossId, nom, combatId, zoneId, vainqueurs } = command;
  const { zones, boss, heureMs } = draft.state;
  if (zones[zoneId] === undefined) return refuse("ZONE_NOT_FOUND");
  if (!zones[zoneId].boss.includes(bossId)) return refuse("BOSS_NOT_FOUND");
  const before = boss[bossId];
  if (before?.dernierCombatId === combatId) return accept([]);
  emit(draft, {
    eventType: "BossVaincu",
    payload: {
      bossId,
      nom,
      combatId,
      zoneId,
      vainqueurs,
      premiere: before === undefined,
      nombreVictoires: (before?.nombreVictoires ?? 0) + 1,
      vaincuA: isoTime(draft.now),
      retourA: isoTime(draft.now + RETURN_HOURS * heureMs),
    },
  });
  const contributions = vainqueurs.map(({ joueurId }) => ({ joueurId, montant: 1 }));
  count(draft, "CHASSE", zoneId, contributions, combatId);
  return accept(draft.events);
}

/** What `command` leads to. Pure and total: whatever passes the command's schema is answered, on any state. */
export function decide(state: WorldState, command: WorldCommand, context: DecisionContext): Decision<WorldEvent> {
  const draft: Draft = { state, events: [], now: context.now };
  if (command.type === "CreerMonde") return state.version > 0 ? refuse("WORLD_EXISTS") : create(draft, command);
  if (state.version === 0) return refuse("WORLD_NOT_FOUND");
  switch (command.type) {
    case "PasserHeure":
      return passHours(draft);
    case "DecouvrirZone":
      return discover(draft, command);
    case "RecolterRessource":
      return gather(draft, command);
    case "RegenererRessource":
      return regrow(draft, command.ressourceId);
    case "DeclencherEvenement":
      return trigger(draft, command);
    case "ContribuerEvenement":
      return contributeTo(draft, command);
    case "CompterFaits":
      count(draft, command.typeEvenement, command.zoneId, command.contributions, command.reference);
      return accept(draft.events);
    case "ExpirerEvenement":
      return expire(draft, command.evenementId);
    case "AnnulerEvenement":
      return cancel(draft, command);
    case "DeclarerBossVaincu":
      return defeat(draft, command);
  }
}
