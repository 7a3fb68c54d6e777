import type { PayloadOf, WorldEvent } from "./events.ts";
import { type Evenement, emptyGroups, groupOf, type WorldState } from "./state.ts";

/** [WORLD-6]: of each of the 256 groups of a zone's discoverers. */
const REMEMBERED = 40;
/** [WORLD-11] */
const PAST_EVENTS = 200;

const NOBODY = emptyGroups<readonly string[]>([]);
const NOTHING = emptyGroups<Readonly<Record<string, number>>>({});

function created(state: WorldState, payload: PayloadOf<"MondeCree">): WorldState {
  const { zones, creeA: _, ...settings } = payload;
  return {
    ...state,
    ...settings,
    zones: Object.fromEntries(
      zones.map(({ ressources, ...zone }) => [
        zone.zoneId,
        {
          ...zone,
          ressources: ressources.map((one) => one.ressourceId),
          nombreDecouvreurs: 0,
          premier: null,
        },
      ]),
    ),
    ressources: Object.fromEntries(
      zones.flatMap(({ zoneId, ressources }) =>
        ressources.map((one) => [
          one.ressourceId,
          { ...one, zoneId, quantite: one.capacite, prochaineRegeneration: null },
        ]),
      ),
    ),
  };
}

function passed(state: WorldState, payload: PayloadOf<"TempsEcoule">): WorldState {
  const { heuresEcoulees: _, ...temps } = payload;
  return { ...state, ...temps };
}

/** The oldest of the group is forgotten when it is full. */
function discovered(state: WorldState, payload: PayloadOf<"ZoneDecouverte">): WorldState {
  const { zoneId, joueurId, pseudo, nombreDecouvreurs, decouverteA } = payload;
  const zone = state.zones[zoneId];
  if (zone === undefined) return state;
  const groups = state.connus[zoneId] ?? NOBODY;
  const group = groupOf(joueurId);
  const known = [...(groups[group] ?? []).slice(1 - REMEMBERED), joueurId];
  const premier = zone.premier ?? { joueurId, pseudo, decouverteA };
  return {
    ...state,
    zones: { ...state.zones, [zoneId]: { ...zone, nombreDecouvreurs, premier } },
    connus: { ...state.connus, [zoneId]: groups.with(group, known) },
  };
}

function begun(state: WorldState, payload: PayloadOf<"EvenementMondialDeclenche">): WorldState {
  const { dureeMs: _, ...definition } = payload;
  const evenement = { ...definition, progres: 0, contributeurs: 0, contributions: NOTHING, autres: 0 };
  return { ...state, evenements: { ...state.evenements, [payload.evenementId]: evenement } };
}

function contributed(one: Evenement, payload: PayloadOf<"EvenementProgresse">): Evenement {
  const { joueurId, montant, apres, contribution } = payload;
  if (contribution === 0) return { ...one, progres: apres, autres: one.autres + montant };
  const group = groupOf(joueurId);
  const members = one.contributions[group] ?? {};
  return {
    ...one,
    progres: apres,
    contributeurs: one.contributeurs + (members[joueurId] === undefined ? 1 : 0),
    contributions: one.contributions.with(group, { ...members, [joueurId]: contribution }),
  };
}

function ended(state: WorldState, evenementId: string): WorldState {
  const { [evenementId]: _gone, ...evenements } = state.evenements;
  const evenementsPasses = [...state.evenementsPasses, evenementId].slice(-PAST_EVENTS);
  return { ...state, evenements, evenementsPasses };
}

function defeated(state: WorldState, payload: PayloadOf<"BossVaincu">): WorldState {
  const { bossId, zoneId, nom, nombreVictoires, combatId, vaincuA, retourA } = payload;
  const boss = { bossId, zoneId, nom, nombreVictoires, dernierCombatId: combatId, vaincuA, retourA };
  return { ...state, boss: { ...state.boss, [bossId]: boss } };
}

function stocked(
  state: WorldState,
  { ressourceId, apres, prochaineRegeneration }: PayloadOf<"RessourceRecoltee" | "RessourceRegeneree">,
): WorldState {
  const one = state.ressources[ressourceId];
  if (one === undefined) return state;
  const changed = { ...one, quantite: apres, prochaineRegeneration };
  return { ...state, ressources: { ...state.ressources, [ressourceId]: changed } };
}

function folded(state: WorldState, event: WorldEvent): WorldState {
  switch (event.eventType) {
    case "MondeCree":
      return created(state, event.payload);
    case "TempsEcoule":
      return passed(state, event.payload);
    case "ZoneDecouverte":
      return discovered(state, event.payload);
    case "EvenementMondialDeclenche":
      return begun(state, event.payload);
    case "EvenementProgresse": {
      const one = state.evenements[event.payload.evenementId];
      if (one === undefined) return state;
      const evenements = { ...state.evenements, [one.evenementId]: contributed(one, event.payload) };
      return { ...state, evenements };
    }
    case "EvenementTermine":
      return ended(state, event.payload.evenementId);
    case "BossVaincu":
      return defeated(state, event.payload);
    case "RessourceRecoltee":
    case "RessourceRegeneree":
      return stocked(state, event.payload);
  }
}

/** Folds one event. Total: any event of the schema on any state gives a state, one version on. */
export function evolve(state: WorldState, event: WorldEvent): WorldState {
  return { ...folded(state, event), version: state.version + 1 };
}
