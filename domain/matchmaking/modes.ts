import { z } from "zod";
import { type DeepReadonly, type TypeCombat, whole } from "../combat/values.ts";

export const mode = z.enum(["1V1", "2V2", "3V3", "PVE", "BOSS"]);
export type Mode = z.infer<typeof mode>;

/** What of a mode a deployment may set otherwise. */
const settings = z.strictObject({
  /** ms in which a found match is to be accepted by all; 0: it begins at once. */
  acceptationMs: whole(0, 300_000),
  /** How far apart ratings may be: at first, more for each second of waiting, and at most. */
  fenetre: z.strictObject({ debut: whole(0, 1_000_000), parSeconde: whole(0, 100_000), max: whole(0, 1_000_000) }),
  /** ms of latency that will do for a ticket that says nothing of it. */
  latenceMax: whole(1, 10_000),
  /** ms after which a group goes without being full. */
  patienceMs: whole(0, 3_600_000),
  /** ms that the players of a match have to join its combat. */
  preparationMs: whole(0, 600_000),
});
export type ModeSettings = DeepReadonly<z.infer<typeof settings>>;

/** [QUEUE-1] */
export interface ModeRules extends ModeSettings {
  readonly mode: Mode;
  readonly typeCombat: TypeCombat;
  /** Two teams against each other, or one against the game. */
  readonly equipes: 1 | 2;
  /** Players of a full team, and of the smallest that goes. */
  readonly taille: number;
  readonly minimum: number;
  /** What a player's rating is. */
  readonly mesure: "cote" | "niveau";
}

const VERSUS = {
  typeCombat: "ARENE",
  equipes: 2,
  mesure: "cote",
  acceptationMs: 15_000,
  fenetre: { debut: 50, parSeconde: 10, max: 500 },
  latenceMax: 150,
  patienceMs: 0,
  preparationMs: 60_000,
} as const;
const GROUP = {
  equipes: 1,
  mesure: "niveau",
  acceptationMs: 20_000,
  fenetre: { debut: 5, parSeconde: 1, max: 100 },
  latenceMax: 250,
  patienceMs: 20_000,
  preparationMs: 60_000,
} as const;

const DEFAULTS: Readonly<Record<Mode, ModeRules>> = {
  "1V1": { ...VERSUS, mode: "1V1", taille: 1, minimum: 1 },
  "2V2": { ...VERSUS, mode: "2V2", taille: 2, minimum: 2 },
  "3V3": { ...VERSUS, mode: "3V3", taille: 3, minimum: 3 },
  PVE: { ...GROUP, mode: "PVE", typeCombat: "PVE", taille: 4, minimum: 2 },
  BOSS: { ...GROUP, mode: "BOSS", typeCombat: "BOSS", taille: 6, minimum: 3 },
};

/** Of each mode, what is to be otherwise than by default. */
export const modeSettings = z.partialRecord(mode, settings.partial());
export type ModesRules = Readonly<Record<Mode, ModeRules>>;

export function modeRules(overrides: z.infer<typeof modeSettings> = {}): ModesRules {
  // Parsed from JSON, which has no undefined.
  const rulesOf = (one: Mode): ModeRules => ({ ...DEFAULTS[one], ...(overrides[one] as Partial<ModeSettings>) });
  return {
    "1V1": rulesOf("1V1"),
    "2V2": rulesOf("2V2"),
    "3V3": rulesOf("3V3"),
    PVE: rulesOf("PVE"),
    BOSS: rulesOf("BOSS"),
  };
}
