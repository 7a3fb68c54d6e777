import { z } from "zod";
import { type Definitions, definitions, typeObjectif } from "../catalogue/definitions.ts";
import { whole } from "../combat/values.ts";
import type { Fait } from "./objectives.ts";

const id = z.uuid();
const quantite = whole(1, 9_999);

const ameliorerCompetence = z.strictObject({ type: z.literal("AmeliorerCompetence"), competenceId: id });
const utiliserCompetence = z.strictObject({ type: z.literal("UtiliserCompetence"), competenceId: id });
const abandonnerQuete = z.strictObject({ type: z.literal("AbandonnerQuete"), queteId: id });
const vendrePnj = z.strictObject({ type: z.literal("VendrePnj"), pnjId: id, slotId: id, quantite });

const apprendreCompetence = z.strictObject({ type: z.literal("ApprendreCompetence"), competenceId: id });
const accepterQuete = z.strictObject({ type: z.literal("AccepterQuete"), queteId: id });
const terminerQuete = z.strictObject({ type: z.literal("TerminerQuete"), queteId: id });
const parlerPnj = z.strictObject({
  type: z.literal("ParlerPnj"),
  pnjId: id,
  dialogueId: z.string().min(1).max(40).optional(),
  choixId: z.string().min(1).max(40).optional(),
});
const ouvrirCommerce = z.strictObject({ type: z.literal("OuvrirCommerce"), pnjId: id });
const acheterPnj = z.strictObject({ type: z.literal("AcheterPnj"), pnjId: id, itemId: id, quantite });

/** What a player may send about skills, quests and non-players. */
export const wireLifeCommands = [
  apprendreCompetence,
  ameliorerCompetence,
  utiliserCompetence,
  accepterQuete,
  terminerQuete,
  abandonnerQuete,
  parlerPnj,
  ouvrirCommerce,
  acheterPnj,
  vendrePnj,
] as const;

const fait = z.strictObject({
  type: typeObjectif,
  cible: z.string().min(1).max(60).optional(),
  quantite: whole(1, 1_000_000),
});

/** Every command about them that the decider knows. `reference` says what the progress comes from. */
export const lifeCommands = [
  apprendreCompetence.extend({ definitions }),
  ameliorerCompetence,
  utiliserCompetence,
  accepterQuete.extend({ definitions }),
  terminerQuete.extend({ definitions }),
  abandonnerQuete,
  z.strictObject({ type: z.literal("EchouerQuete"), queteId: id }),
  z.strictObject({ type: z.literal("ExpirerQuetes") }),
  z.strictObject({
    type: z.literal("ProgresserObjectifs"),
    faits: z.array(fait).min(1).max(200),
    reference: z.string().min(1).max(100),
  }),
  parlerPnj.extend({ definitions }),
  ouvrirCommerce.extend({ definitions }),
  acheterPnj.extend({ definitions }),
  vendrePnj,
] as const;

interface Known {
  readonly definitions: Definitions;
}
type Wire<Schema extends z.ZodType> = Readonly<z.infer<Schema>>;

export type LifeCommand =
  | (Wire<typeof apprendreCompetence> & Known)
  | Wire<typeof ameliorerCompetence>
  | Wire<typeof utiliserCompetence>
  | (Wire<typeof accepterQuete> & Known)
  | (Wire<typeof terminerQuete> & Known)
  | Wire<typeof abandonnerQuete>
  | { readonly type: "EchouerQuete"; readonly queteId: string }
  | { readonly type: "ExpirerQuetes" }
  | { readonly type: "ProgresserObjectifs"; readonly faits: readonly Fait[]; readonly reference: string }
  | (Wire<typeof parlerPnj> & Known)
  | (Wire<typeof ouvrirCommerce> & Known)
  | (Wire<typeof acheterPnj> & Known)
  | Wire<typeof vendrePnj>;
