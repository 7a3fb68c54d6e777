import type { z } from "zod";
import {
  type EvenementDefinition,
  evenementDefinition,
  type MondeDefinition,
  mondeDefinition,
} from "../../world/definition.ts";
import {
  type CompetenceDefinition,
  competenceDefinition,
  type Definitions,
  type ItemDefinition,
  itemDefinition,
  type PnjDefinition,
  pnjDefinition,
  type QueteDefinition,
  queteDefinition,
} from "../definitions.ts";
import { armour } from "./armour.ts";
import { creatures } from "./creatures.ts";
import { goods } from "./goods.ts";
import { festivities, lands } from "./lands.ts";
import { quests } from "./quests.ts";
import { skills } from "./skills.ts";
import { villagers } from "./villagers.ts";
import { weapons } from "./weapons.ts";

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  entries: Readonly<Record<string, z.input<Schema>>>,
): Readonly<Record<string, z.output<Schema>>> {
  return Object.fromEntries(Object.entries(entries).map(([id, entry]) => [id, schema.parse(entry)]));
}

const items: Readonly<Record<string, ItemDefinition>> = parsed(itemDefinition, { ...weapons, ...armour, ...goods });
const competences: Readonly<Record<string, CompetenceDefinition>> = parsed(competenceDefinition, skills);
const quetes: Readonly<Record<string, QueteDefinition>> = parsed(queteDefinition, quests);
const pnj: Readonly<Record<string, PnjDefinition>> = parsed(pnjDefinition, { ...villagers, ...creatures });
const evenements: Readonly<Record<string, EvenementDefinition>> = parsed(evenementDefinition, festivities);

/** A whole small game: what a demonstration, a test and a bench play in. By id, each a definition for its Creer command. */
export const demoWorld: Definitions & {
  readonly monde: MondeDefinition;
  readonly evenements: Readonly<Record<string, EvenementDefinition>>;
} = { items, competences, quetes, pnj, evenements, monde: mondeDefinition.parse(lands) };
