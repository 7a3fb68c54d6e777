import type { StoredEvent } from "../domain/envelope.ts";
import type { Facteurs, PayloadOf, WorldEvent } from "../domain/world/events.ts";
import type { Saison } from "../domain/world/values.ts";

/** The world as its row has it. Lists hold at most what the world itself may: 20 events, 100 zones and their bosses. */
export interface Monde {
  readonly heure: number;
  readonly jour: number;
  readonly saison: Saison;
  readonly annee: number;
  readonly cycleA: string;
  readonly facteurs: Partial<Facteurs>;
  readonly evenements: readonly EvenementActif[];
  readonly boss: readonly BossConnu[];
  readonly zones: readonly ZoneConnue[];
  readonly ressources: Readonly<Record<string, Ressource>>;
  /** By type of event, the biggest contributors of the newest one that ended. */
  readonly classements: Readonly<Record<string, Classement>>;
}

type EvenementActif = PayloadOf<"EvenementMondialDeclenche"> & { readonly progres: number };

interface BossConnu extends Omit<PayloadOf<"BossVaincu">, "combatId" | "premiere"> {
  readonly dernierCombatId: string;
  readonly premiereVictoireA: string;
}

interface ZoneConnue extends Pick<PayloadOf<"ZoneDecouverte">, "zoneId" | "nom" | "nombreDecouvreurs"> {
  readonly premier: Pick<PayloadOf<"ZoneDecouverte">, "joueurId" | "pseudo" | "decouverteA">;
  readonly derniereDecouverteA: string;
}

interface Ressource {
  readonly nom: string;
  readonly zoneId: string;
  readonly itemId?: string;
  readonly quantite: number;
  readonly capacite: number;
  readonly prochaineRegeneration: string | null;
}

interface Classement {
  readonly evenementId: string;
  readonly nom: string;
  readonly termineA: string;
  readonly participants: PayloadOf<"EvenementTermine">["participants"];
}

/** Contributors of one event that are kept. */
export const RANKED = 10;

export function initialMonde(at: string): Monde {
  return {
    ...{ heure: 0, jour: 1, saison: "PRINTEMPS", annee: 1, cycleA: at, facteurs: {} },
    ...{ evenements: [], boss: [], zones: [], ressources: {}, classements: {} },
  };
}

/** With `one` in the place of what has its key, or at the end. */
function withOne<One, Key extends keyof One>(all: readonly One[], key: Key, one: One): readonly One[] {
  const at = all.findIndex((each) => each[key] === one[key]);
  return at === -1 ? [...all, one] : all.with(at, one);
}

function created(monde: Monde, payload: PayloadOf<"MondeCree">): Monde {
  const { heure, jour, saison, annee, facteurs, creeA, zones } = payload;
  const ressources = zones.flatMap(({ zoneId, ressources: own }) =>
    own.map(({ ressourceId, nom, itemId, capacite }) => [
      ressourceId,
      { nom, zoneId, itemId, quantite: capacite, capacite, prochaineRegeneration: null },
    ]),
  );
  return { ...monde, heure, jour, saison, annee, facteurs, cycleA: creeA, ressources: Object.fromEntries(ressources) };
}

function discovered(monde: Monde, payload: PayloadOf<"ZoneDecouverte">): Monde {
  const { zoneId, nom, joueurId, pseudo, nombreDecouvreurs, decouverteA } = payload;
  const premier = monde.zones.find((one) => one.zoneId === zoneId)?.premier ?? { joueurId, pseudo, decouverteA };
  const zone = { zoneId, nom, nombreDecouvreurs, premier, derniereDecouverteA: decouverteA };
  return { ...monde, zones: withOne(monde.zones, "zoneId", zone) };
}

function defeated(monde: Monde, payload: PayloadOf<"BossVaincu">): Monde {
  const { combatId: dernierCombatId, premiere: _, ...own } = payload;
  const known = monde.boss.find((one) => one.bossId === own.bossId);
  const premiereVictoireA = known?.premiereVictoireA ?? own.vaincuA;
  return { ...monde, boss: withOne(monde.boss, "bossId", { ...own, dernierCombatId, premiereVictoireA }) };
}

function ended(monde: Monde, payload: PayloadOf<"EvenementTermine">): Monde {
  const { evenementId, type, nom, termineA } = payload;
  const participants = payload.participants.slice(0, RANKED);
  return {
    ...monde,
    evenements: monde.evenements.filter((one) => one.evenementId !== evenementId),
    classements: { ...monde.classements, [type]: { evenementId, nom, termineA, participants } },
  };
}

function stocked(monde: Monde, payload: PayloadOf<"RessourceRecoltee" | "RessourceRegeneree">): Monde {
  const { ressourceId, nom, zoneId, apres, capacite, prochaineRegeneration } = payload;
  const ressource = { ...monde.ressources[ressourceId], nom, zoneId, quantite: apres, capacite, prochaineRegeneration };
  return { ...monde, ressources: { ...monde.ressources, [ressourceId]: ressource } };
}

/** Folds one event of the world. Total: any event on any row gives a row. */
export function evolveMonde(monde: Monde, event: StoredEvent): Monde {
  const { eventType, payload } = event as unknown as WorldEvent;
  switch (eventType) {
    case "MondeCree":
      return created(monde, payload);
    case "TempsEcoule": {
      const { heure, jour, saison, annee, facteurs } = payload;
      return { ...monde, heure, jour, saison, annee, facteurs, cycleA: event.timestamp };
    }
    case "ZoneDecouverte":
      return discovered(monde, payload);
    case "EvenementMondialDeclenche":
      return { ...monde, evenements: withOne(monde.evenements, "evenementId", { ...payload, progres: 0 }) };
    case "EvenementProgresse":
      return {
        ...monde,
        evenements: monde.evenements.map((one) =>
          one.evenementId === payload.evenementId ? { ...one, progres: payload.apres } : one,
        ),
      };
    case "EvenementTermine":
      return ended(monde, payload);
    case "BossVaincu":
      return defeated(monde, payload);
    case "RessourceRecoltee":
    case "RessourceRegeneree":
      return stocked(monde, payload);
  }
}
