import { z } from "zod";
import { effetDefini, phaseBoss, resistances, statsCombat, usage } from "../combat/participant.ts";
import { comportement, type DeepReadonly, modeCible, ressource, whole } from "../combat/values.ts";
import { bonus, classe, emplacement } from "../values.ts";

/**
 * What authors define: items, skills, quests and non-players. Each is an aggregate of its own (domain/catalogue/*.ts); here is
 * only what a definition consists of, because players, combats and sagas use definitions as well.
 */

const nom = z.string().min(1).max(100);
const description = z.string().max(2_000).default("");
const niveauRequis = whole(1, 1_000).default(1);
const classes = z.array(classe).max(5).default([]);
const iconeUrl = z.string().max(255).optional();
const or = whole(0, 1_000_000_000);

/** What using an item does outside of a combat. BONUS lasts `dureeMs`; ENCHANTEMENT is put on a piece of equipment. */
export const effetItem = z.discriminatedUnion("type", [
  z.object({ type: z.literal("SOIN"), ressource, puissance: whole(1, 100_000) }),
  z.object({ type: z.literal("BONUS"), stats: bonus, dureeMs: whole(1_000, 86_400_000) }),
  z.object({ type: z.literal("EXPERIENCE"), montant: whole(1, 10_000_000) }),
  z.object({ type: z.literal("CAPACITE"), capacite: whole(0, 500), poidsMax: whole(0, 100_000) }),
  z.object({ type: z.literal("ENCHANTEMENT"), nom, stats: bonus }),
]);

export const itemDefinition = z.object({
  nom,
  description,
  typeItem: z.enum(["ARME", "ARMURE", "CONSOMMABLE", "MATERIAU", "QUETE", "AUTRE"]),
  rarete: z.enum(["COMMUN", "RARE", "EPIQUE", "LEGENDAIRE", "MYTHIQUE"]).default("COMMUN"),
  niveauRequis,
  /** Who may wear or use it; empty: everyone. */
  classes,
  /** Where it may be worn; empty: nowhere. */
  emplacements: z.array(emplacement).max(13).default([]),
  /** What wearing it adds. */
  stats: bonus.default({}),
  /** Pieces of one set worn together add the `stats` of every tier that is reached. */
  ensemble: z
    .object({ ensembleId: z.uuid(), nom, paliers: z.array(z.object({ pieces: whole(2, 13), stats: bonus })).max(6) })
    .optional(),
  /** 0: it never breaks. */
  durabiliteMax: whole(0, 10_000).default(0),
  /** What using it does in a combat; without it, it cannot be used there. */
  usage: usage.optional(),
  /** What using it does outside of one; empty: it cannot be used there. */
  effets: z.array(effetItem).max(8).default([]),
  valeurOr: or.default(0),
  /** Of one piece. */
  poids: whole(0, 10_000).default(1),
  empilable: z.boolean().default(false),
  stackMax: whole(1, 9_999).default(1),
  echangeable: z.boolean().default(true),
  destructible: z.boolean().default(true),
  iconeUrl,
  recetteCraft: z
    .array(z.object({ itemId: z.uuid(), quantite: whole(1, 999) }))
    .max(20)
    .optional(),
});

/** An active skill's effects say what one use does; BONUS is what a passive one adds for good. */
export const effetCompetence = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("DEGATS"),
    puissance: whole(0, 100_000),
    ratioAttaque: whole(0, 1_000).default(0),
    ratioMagie: whole(0, 1_000).default(0),
  }),
  z.object({
    type: z.literal("SOIN"),
    ressource: ressource.default("HP"),
    puissance: whole(0, 100_000),
    ratioMagie: whole(0, 1_000).default(0),
  }),
  effetDefini.extend({ type: z.literal("STATUT") }),
  z.object({ type: z.literal("DISSIPE"), nombre: whole(1, 10) }),
  z.object({ type: z.literal("BONUS"), stats: bonus }),
]);

export const competenceDefinition = z.object({
  nom,
  description,
  typeCompetence: z.enum(["ACTIVE", "PASSIVE", "ULTIMATE"]),
  element: z.enum(["FEU", "EAU", "TERRE", "AIR", "LUMIERE", "OMBRE", "NEUTRE"]).default("NEUTRE"),
  cible: modeCible,
  niveauRequis,
  classes,
  coutMana: whole(0, 100_000).default(0),
  coutStamina: whole(0, 100_000).default(0),
  /** In a combat: the user's own turns. */
  cooldownTours: whole(0, 20).default(0),
  /** Outside of one, ms. */
  cooldownMs: whole(0, 86_400_000).default(0),
  portee: whole(0, 100).default(1),
  rayon: whole(0, 100).default(0),
  precision: whole(-100, 100).default(0),
  effets: z.array(effetCompetence).max(8).default([]),
  /** Percent by which each level after the first raises the powers of the effects. */
  modificateursNiveau: z.object({ puissance: whole(0, 200).default(10) }).default({ puissance: 10 }),
  niveauMax: whole(1, 100).default(5),
  /** Skill points for learning it, and for each further level. */
  coutPoints: whole(0, 100).default(1),
  preRequis: z
    .object({ competences: z.array(z.object({ competenceId: z.uuid(), niveau: whole(1, 100) })).max(10) })
    .default({ competences: [] }),
  animation: z.string().max(50).optional(),
  iconeUrl,
});

/**
 * What counts towards an objective, and what `cible` names (absent: any): TUER and PARLER a PNJ's id, COLLECTER, UTILISER
 * and EQUIPER an item's, APPRENDRE a skill's, EXPLORER a zone's, VAINCRE_BOSS a boss', EVENEMENT a world event's type,
 * GAGNER_COMBAT a typeCombat, COMMERCER an item's (traded on the market), NIVEAU nothing: `requis` is the level.
 */
export const typeObjectif = z.enum([
  "TUER",
  "GAGNER_COMBAT",
  "VAINCRE_BOSS",
  "COLLECTER",
  "UTILISER",
  "EQUIPER",
  "PARLER",
  "APPRENDRE",
  "EXPLORER",
  "EVENEMENT",
  "COMMERCER",
  "NIVEAU",
]);

export const queteDefinition = z.object({
  nom,
  description,
  typeQuete: z.enum(["PRINCIPALE", "SECONDAIRE", "QUOTIDIENNE", "EVENEMENT"]),
  niveauRequis,
  niveauRecommande: whole(1, 1_000).optional(),
  classes,
  /** Quests that must have been finished, and reputations that must have been reached. */
  preRequis: z
    .object({
      quetes: z.array(z.uuid()).max(10).default([]),
      reputations: z
        .array(z.object({ pnjId: z.uuid(), minimum: whole(-1_000, 1_000) }))
        .max(10)
        .default([]),
    })
    .default({ quetes: [], reputations: [] }),
  objectifs: z
    .array(
      z.object({
        objectifId: z.string().min(1).max(40),
        type: typeObjectif,
        cible: z.string().max(60).optional(),
        requis: whole(1, 1_000_000),
        description: z.string().max(300).default(""),
      }),
    )
    .min(1)
    .max(10),
  recompenses: z
    .object({
      experience: whole(0, 10_000_000).default(0),
      or: or.default(0),
      objets: z
        .array(z.object({ itemId: z.uuid(), quantite: whole(1, 999).default(1) }))
        .max(10)
        .default([]),
      reputations: z
        .array(z.object({ pnjId: z.uuid(), delta: whole(-1_000, 1_000) }))
        .max(10)
        .default([]),
    })
    .default({ experience: 0, or: 0, objets: [], reputations: [] }),
  zoneDepart: z.string().max(100).optional(),
  /** The PNJ who gives it; only after having talked to it can it be accepted. */
  pnjDonneur: z.uuid().optional(),
  dureeLimiteMinutes: whole(1, 525_600).optional(),
  repete: z.boolean().default(false),
  frequenceRepetition: z.enum(["QUOTIDIEN", "HEBDOMADAIRE"]).optional(),
  dialogues: z.array(z.string().max(1_000)).max(20).default([]),
});

export const pnjDefinition = z.object({
  nom,
  description,
  typeEntite: z.enum(["PNJ", "BOSS"]).default("PNJ"),
  zoneId: z.uuid().optional(),
  niveau: whole(1, 1_000).default(1),
  /** How it fights; without it, it does not. `competences` are ids of the catalogue. */
  combat: z
    .object({
      initiative: whole(-1_000, 1_000).default(0),
      hpMax: whole(1, 1_000_000),
      mpMax: whole(0, 100_000).default(0),
      staminaMax: whole(0, 100_000).default(100),
      statsCombat,
      resistances: resistances.default({}),
      competences: z
        .array(z.object({ competenceId: z.uuid(), niveau: whole(1, 100).default(1) }))
        .max(16)
        .default([]),
      comportement: comportement.default("AGRESSIF"),
      phases: z.array(phaseBoss).max(8).default([]),
    })
    .optional(),
  /** What beating it brings: to each winning player the experience and the drops that its rolls give, to all together the gold. */
  butin: z
    .object({
      experience: whole(0, 10_000_000).default(0),
      or: or.default(0),
      objets: z
        .array(z.object({ itemId: z.uuid(), quantite: whole(1, 999).default(1), chance: whole(1, 100).default(100) }))
        .max(20)
        .default([]),
    })
    .default({ experience: 0, or: 0, objets: [] }),
  /** What it sells, at what price in gold, and the percentage of an item's value that it pays for one. */
  commerce: z
    .object({
      articles: z
        .array(
          z.object({
            itemId: z.uuid(),
            prix: whole(1, 1_000_000_000),
            reputationMin: whole(-1_000, 1_000).default(-1_000),
          }),
        )
        .max(100),
      rachatPourcent: whole(0, 100).default(25),
    })
    .optional(),
  dialogues: z
    .array(
      z.object({
        dialogueId: z.string().min(1).max(40),
        texte: z.string().max(1_000),
        choix: z
          .array(
            z.object({
              choixId: z.string().min(1).max(40),
              texte: z.string().max(300),
              reputation: whole(-100, 100).default(0),
            }),
          )
          .max(10)
          .default([]),
      }),
    )
    .max(50)
    .default([]),
});

export type ItemDefinition = DeepReadonly<z.infer<typeof itemDefinition>>;
export type EffetItem = ItemDefinition["effets"][number];
export type CompetenceDefinition = DeepReadonly<z.infer<typeof competenceDefinition>>;
export type QueteDefinition = DeepReadonly<z.infer<typeof queteDefinition>>;
export type TypeObjectif = z.infer<typeof typeObjectif>;
export type PnjDefinition = DeepReadonly<z.infer<typeof pnjDefinition>>;

/**
 * The definitions that a command needs, by id. Deciders look nothing up: whoever hands a command over fills them in from the
 * catalogue as it is at that moment, as it does with time and chance. What is missing does not exist.
 */
export const definitions = z.object({
  items: z.record(z.uuid(), itemDefinition).default({}),
  competences: z.record(z.uuid(), competenceDefinition).default({}),
  quetes: z.record(z.uuid(), queteDefinition).default({}),
  pnj: z.record(z.uuid(), pnjDefinition).default({}),
});
export type Definitions = DeepReadonly<z.infer<typeof definitions>>;
