import { z } from "zod";
import { reglages } from "./definition.ts";
import { bilan, raisonFin, resultatCombat } from "./events.ts";
import { participantInitial } from "./participant.ts";
import { type DeepReadonly, etatParticipant, typeAction, typeEffet, whole } from "./values.ts";

const id = z.uuid();
const count = z.int().min(0);

/** A status effect on its bearer. `dureeTours` 0: it ends with the bearer's turn that is under way. */
const effet = z.object({
  effetId: id,
  typeEffet,
  sourceId: id,
  puissance: count,
  dureeTours: whole(0, 10),
  stacks: whole(1, 10),
  estDebuff: z.boolean(),
  peutEtreDissipe: z.boolean(),
});

const participant = participantInitial.extend({
  etat: etatParticipant,
  rejoint: z.boolean(),
  /** By effetId; at most one of a type. */
  effets: z.record(id, effet),
  /** Cooldowns by competenceId: own turns, the one under way included, in which the skill is still locked. */
  recharges: z.record(id, count),
  enDefense: z.boolean(),
  derniereAction: typeAction.nullable(),
  /** Deadlines missed in a row. */
  inactivite: count,
  /** Gave up, by word or by sleeping: shares in no victory. */
  retire: z.boolean(),
  bilan,
});

/** One short line of what happened, for clients. `valeur`: points, or how many; 0 where there is nothing to count. */
const ligneJournal = z.object({
  version: count,
  numeroTour: count,
  typeEvenement: z.enum(["ACTION", "EFFET", "ETAT", "TIMEOUT"]),
  code: z.string(),
  acteurId: id.nullable(),
  cibleId: id.nullable(),
  valeur: z.int(),
});

export const etatCombat = z.enum(["INEXISTANT", "PREPARATION", "EN_COURS", "TERMINE", "ABANDONNE"]);

export const combatStateSchema = reglages.extend({
  /** Number of events folded. */
  version: count,
  combatId: z.union([id, z.literal("")]),
  /** INEXISTANT only before the first event. */
  etat: etatCombat,
  zone: z.object({ zoneId: z.union([id, z.literal("")]), nom: z.string().max(100).optional() }),
  graine: z.string().max(64),
  tourActuel: count,
  manche: count,
  participantActifId: id.nullable(),
  /** Absolute, ISO 8601 UTC: of the preparation, then of the turn; null when over. */
  echeance: z.iso.datetime().nullable(),
  ordreTour: z.array(id),
  participants: z.record(id, participant),
  /** Newest last, at most 20. */
  journal: z.array(ligneJournal),
  fin: z.object({ resultat: resultatCombat, raison: raisonFin, equipesVictorieuses: z.array(z.string()) }).nullable(),
});

export type CombatState = DeepReadonly<z.infer<typeof combatStateSchema>>;
export type Participant = DeepReadonly<z.infer<typeof participant>>;
export type Effet = DeepReadonly<z.infer<typeof effet>>;
export type LigneJournal = DeepReadonly<z.infer<typeof ligneJournal>>;
export type EtatCombat = z.infer<typeof etatCombat>;

export const initialCombat: CombatState = {
  version: 0,
  combatId: "",
  etat: "INEXISTANT",
  typeCombat: "PVE",
  zone: { zoneId: "" },
  graine: "",
  terrain: 20,
  dureeTourMs: 30_000,
  delaiPnjMs: 300,
  fuitePossible: true,
  conditionsVictoire: { bossVaincu: false, limiteTours: 400 },
  recompenses: { experience: 0, or: 0, objets: [] },
  observation: { prive: false, invites: [] },
  tourActuel: 0,
  manche: 0,
  participantActifId: null,
  echeance: null,
  ordreTour: [],
  participants: {},
  journal: [],
  fin: null,
};
