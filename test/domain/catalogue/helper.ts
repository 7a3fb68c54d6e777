import {
  type CompetenceDefinition,
  competenceDefinition,
  type ItemDefinition,
  itemDefinition,
  type PnjDefinition,
  pnjDefinition,
  type QueteDefinition,
  queteDefinition,
} from "../../../domain/catalogue/definitions.ts";
import type { Aggregate } from "../../../domain/decider.ts";
import type { DomainEvent } from "../../../domain/envelope.ts";

export const id = (n: number): string => `0ca7a000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export interface Result<S> {
  readonly state: S;
  readonly events: readonly DomainEvent[];
  readonly types: readonly string[];
  readonly code: string | undefined;
  readonly message: string;
}

/** Given a state, when a command comes: what follows. */
export function when<S, C, E extends DomainEvent>(aggregate: Aggregate<S, C, E>, given: S, command: C): Result<S> {
  const decision = aggregate.decide(given, command, { now: 0 });
  if (!decision.ok) {
    const { code, message } = decision.rejection;
    return { state: given, events: [], types: [], code, message };
  }
  const { events } = decision;
  const types = events.map((event) => event.eventType);
  return { state: events.reduce(aggregate.evolve, given), events, types, code: undefined, message: "" };
}

export const sword = (over: Partial<ItemDefinition> = {}): ItemDefinition =>
  itemDefinition.parse({
    nom: "Épée",
    typeItem: "ARME",
    emplacements: ["ARME_PRINCIPALE"],
    stats: { attaque: 5 },
    usage: { cible: "ENNEMI", effets: [] },
    ...over,
  });

export const slash = (over: Partial<CompetenceDefinition> = {}): CompetenceDefinition =>
  competenceDefinition.parse({
    nom: "Taille",
    typeCompetence: "ACTIVE",
    cible: "ENNEMI",
    effets: [{ type: "DEGATS", puissance: 5 }],
    ...over,
  });

export const errand = (over: Partial<QueteDefinition> = {}): QueteDefinition =>
  queteDefinition.parse({
    nom: "Commission",
    typeQuete: "SECONDAIRE",
    objectifs: [{ objectifId: "a", type: "PARLER", cible: id(9), requis: 1 }],
    ...over,
  });

export const baker = (over: Partial<PnjDefinition> = {}): PnjDefinition =>
  pnjDefinition.parse({ nom: "Boulangère", ...over });
