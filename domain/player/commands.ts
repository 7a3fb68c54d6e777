import { z } from "zod";
import { definitions } from "../catalogue/definitions.ts";
import { type DeepReadonly, typeCombat, whole } from "../combat/values.ts";
import { classe, emplacement, stat } from "../values.ts";
import { type ExchangeCommand, exchangeCommands } from "./exchange-commands.ts";
import { sourceItem } from "./inventaire.ts";
import { objetTransfere } from "./item-instance.ts";
import { MAX_GOLD, motifCloture, raisonOr, resultatJoueur, typeOrdre } from "./joueur.ts";
import { type LifeCommand, lifeCommands, wireLifeCommands } from "./life-commands.ts";

const id = z.uuid();
const quantite = whole(1, 9_999);
const position = whole(0, 499);
const reference = z.string().min(1).max(100);
const or = whole(0, MAX_GOLD);
const sessionId = z.string().min(1).max(100);

/** A name that people read: letters, digits, signs and single spaces between them. */
const pseudo = z
  .string()
  .min(1)
  .max(50)
  .regex(/^[\p{L}\p{M}\p{N}\p{P}\p{S}]+(?: [\p{L}\p{M}\p{N}\p{P}\p{S}]+)*$/u);

export const usernameForm = z.string().regex(/^[A-Za-z0-9_.-]{3,50}$/);

const creerJoueur = z.strictObject({
  type: z.literal("CreerJoueur"),
  username: usernameForm,
  email: z.email().max(254).optional(),
  pseudo,
  classe,
});

const ofPile = { slotId: id, quantite };

const wireCommands = [
  z.strictObject({ type: z.literal("DepenserPoints"), stats: z.partialRecord(stat, whole(1, 1_000)) }),
  z.strictObject({ type: z.literal("ChangerClasse"), classe }),
  z.strictObject({ type: z.literal("EquiperItem"), slotId: id, emplacement: emplacement.optional() }),
  z.strictObject({ type: z.literal("DesequiperItem"), emplacement }),
  z.strictObject({ type: z.literal("UtiliserItem"), ...ofPile }),
  z.strictObject({ type: z.literal("DiviserPile"), ...ofPile, position: position.optional() }),
  z.strictObject({ type: z.literal("EmpilerItems"), deSlotId: id, versSlotId: id }),
  z.strictObject({ type: z.literal("DeplacerItem"), slotId: id, position }),
  z.strictObject({ type: z.literal("JeterItem"), ...ofPile }),
  z.strictObject({ type: z.literal("DetruireItem"), ...ofPile }),
  z.strictObject({ type: z.literal("AmeliorerEquipement"), slotId: id }),
  z.strictObject({ type: z.literal("ReparerEquipement"), slotId: id }),
  z.strictObject({ type: z.literal("EnchanterEquipement"), slotId: id, materiauSlotId: id }),
] as const;

/** All that a player may send about itself. */
export const wirePlayerCommand = z.discriminatedUnion("type", [creerJoueur, ...wireCommands, ...wireLifeCommands]);

const objetGagne = z.strictObject({ itemId: id, quantite: whole(1, 999) });
const vitaux = z.strictObject({
  hpActuel: whole(0, 1_000_000),
  mpActuel: whole(0, 100_000),
  staminaActuel: whole(0, 100_000),
});

/** What the server and its sagas send. `reference` is the id of what it comes from. */
const internalCommands = [
  z.strictObject({
    type: z.literal("GagnerExperience"),
    montant: whole(1, 10_000_000),
    source: z.string().min(1).max(40),
    reference,
  }),
  z.strictObject({
    type: z.literal("ModifierOr"),
    delta: whole(-MAX_GOLD, MAX_GOLD),
    raison: raisonOr,
    reference,
  }),
  z.strictObject({
    type: z.literal("RecevoirItems"),
    objets: z.array(objetGagne).min(1).max(20),
    source: sourceItem.exclude(["DIVISION", "EMPILEMENT"]),
    reference,
    definitions,
  }),
  z.strictObject({ type: z.literal("EngagerCombat"), combatId: id, typeCombat }),
  z.strictObject({
    type: z.literal("CloturerCombat"),
    combatId: id,
    resultat: resultatJoueur,
    vitaux: vitaux.optional(),
    objetsUtilises: z.record(id, whole(0, 100_000)),
    experience: whole(0, 10_000_000),
    or: whole(0, 1_000_000_000),
    objets: z.array(objetGagne).max(20),
    coteDelta: whole(-1_000, 1_000).optional(),
    definitions,
  }),
  z.strictObject({
    type: z.literal("ReserverOrdre"),
    ordreId: id,
    typeOrdre,
    itemId: id,
    quantite: whole(1, 1_000_000),
    prixUnitaire: whole(1, 1_000_000_000),
    expireA: z.iso.datetime().nullable(),
  }),
  z.strictObject({
    type: z.literal("ReglerOrdre"),
    ordreId: id,
    reference,
    or,
    objets: z.array(objetTransfere).max(20),
    clos: z.boolean(),
    motif: motifCloture,
  }),
  z.strictObject({ type: z.literal("SeConnecter"), sessionId }),
  z.strictObject({ type: z.literal("SeDeconnecter"), sessionId }),
  z.strictObject({
    type: z.literal("RejoindreGuilde"),
    guildeId: z.string().min(1).max(50),
    nom: z.string().min(1).max(100),
  }),
  z.strictObject({ type: z.literal("EffacerDonneesPersonnelles"), joueurId: id }),
] as const;

const creation = creerJoueur.extend({ joueurId: id });

/** Every command that the decider knows. `joueurId` is the authenticated player, whose aggregate it is. */
export const playerCommand = z.discriminatedUnion("type", [
  creation,
  ...wireCommands,
  ...internalCommands,
  ...lifeCommands,
  ...exchangeCommands,
]);

export type CoreCommand = DeepReadonly<
  z.infer<typeof creation> | z.infer<(typeof wireCommands)[number]> | z.infer<(typeof internalCommands)[number]>
>;
export type PlayerCommand = CoreCommand | LifeCommand | ExchangeCommand;
export type CommandOf<Type extends CoreCommand["type"]> = Extract<CoreCommand, { type: Type }>;
