import { z } from "zod";
import {
  comportement,
  type DeepReadonly,
  element,
  modeCible,
  ressource,
  typeEffet,
  typeEntite,
  whole,
} from "./values.ts";

const percent = whole(0, 100);
const points = whole(0, 100_000);

/** Percent of a stat that is added to a power: 100 adds the stat once. */
const ratio = whole(0, 1000).default(0);

/** What a skill or an item puts on its targets. `dureeTours` counts the bearer's own turns; `puissance` is read per type ([EFF-…]). */
export const effetDefini = z.object({
  typeEffet,
  puissance: whole(0, 10_000).default(0),
  ratioMagie: ratio,
  dureeTours: whole(1, 10),
  chance: whole(1, 100).default(100),
  peutEtreDissipe: z.boolean().default(true),
});

/** What using a skill or an item does, to whom, and from how far (positions). */
export const usage = z.object({
  cible: modeCible,
  portee: whole(0, 100).default(1),
  /** Only for ZONE: positions to either side of the centre. */
  rayon: whole(0, 100).default(0),
  /** Added to the user's own accuracy, in percent points. */
  precision: whole(-100, 100).default(0),
  degats: z.object({ element, puissance: points, ratioAttaque: ratio, ratioMagie: ratio }).optional(),
  soin: z.object({ ressource: ressource.default("HP"), puissance: points, ratioMagie: ratio }).optional(),
  effets: z.array(effetDefini).max(4).default([]),
  /** How many effects are taken away: debuffs of friends, buffs of enemies. */
  dissipe: whole(0, 10).default(0),
});

const competence = usage.extend({
  competenceId: z.uuid(),
  nom: z.string().min(1).max(100),
  coutMp: points.default(0),
  coutStamina: points.default(0),
  coutObjet: z.object({ itemId: z.uuid(), quantite: whole(1, 99) }).optional(),
  /** Cooldown: the user's own turns that must pass before it can be used again ([ACT-5]). */
  recharge: whole(0, 20).default(0),
});

const objet = usage.extend({
  itemId: z.uuid(),
  nom: z.string().min(1).max(100),
  quantite: whole(0, 999),
});

/** Percentages are 0…100 unless said otherwise; `critiqueMultiplicateur` 150 means one and a half times. */
export const statsCombat = z.object({
  attaque: whole(0, 10_000),
  magie: whole(0, 10_000).default(0),
  defense: whole(0, 10_000).default(0),
  defenseMagique: whole(0, 10_000).default(0),
  precision: percent.default(95),
  esquive: percent.default(5),
  blocage: percent.default(0),
  critique: percent.default(5),
  critiqueMultiplicateur: whole(100, 500).default(150),
  /** Positions that ATTAQUE reaches. */
  portee: whole(1, 100).default(1),
  /** Positions that one DEPLACEMENT covers. */
  deplacement: whole(0, 100).default(3),
});

/** Percent off the damage of an element: 100 and above is immunity, below 0 is weakness. */
export const resistances = z.partialRecord(element, whole(-100, 200));

/** A boss' phase holds while its hit points are at or below `seuilHp` percent; the lowest such threshold rules. */
export const phaseBoss = z.object({
  seuilHp: whole(1, 100),
  comportement,
  competences: z.array(z.uuid()).max(16).default([]),
});

/** One side's fighter as a caller gives it. Missing current values are the maximum; a missing participantId is derived. */
export const participantDefinition = z.object({
  participantId: z.uuid().optional(),
  entiteId: z.uuid(),
  typeEntite,
  equipe: z.string().min(1).max(40),
  nom: z.string().min(1).max(100),
  niveau: whole(1, 1000).default(1),
  initiative: whole(-1000, 1000).default(0),
  position: whole(0, 99),
  hpMax: whole(1, 1_000_000),
  hpActuel: whole(1, 1_000_000).optional(),
  mpMax: points.default(0),
  mpActuel: points.optional(),
  staminaMax: points.default(100),
  staminaActuel: points.optional(),
  statsCombat,
  resistances: resistances.default({}),
  immunites: z.array(typeEffet).max(10).default([]),
  equipement: z.record(z.string().max(40), z.json()).default({}),
  competences: z.array(competence).max(16).default([]),
  objets: z.array(objet).max(16).default([]),
  comportement: comportement.default("AGRESSIF"),
  phases: z.array(phaseBoss).max(8).default([]),
  /** It entered as its player's own aggregate has it, and what becomes of it goes back there ([END-9]). */
  suivi: z.boolean().default(false),
  /** The player's arena rating as it entered. */
  cote: whole(0, 10_000).optional(),
});

/** The same with nothing left open, as events and states hold it: all that a row of participants_combat needs. */
export const participantInitial = participantDefinition.extend({
  participantId: z.uuid(),
  hpActuel: whole(0, 1_000_000),
  mpActuel: points,
  staminaActuel: points,
});

export type Usage = DeepReadonly<z.infer<typeof usage>>;
export type EffetDefini = DeepReadonly<z.infer<typeof effetDefini>>;
export type Competence = DeepReadonly<z.infer<typeof competence>>;
export type Objet = DeepReadonly<z.infer<typeof objet>>;
export type ParticipantDefinition = DeepReadonly<z.infer<typeof participantDefinition>>;
export type ParticipantInitial = DeepReadonly<z.infer<typeof participantInitial>>;
