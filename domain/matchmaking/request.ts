import { z } from "zod";
import { whole } from "../combat/values.ts";
import { mode } from "./modes.ts";

const id = z.uuid().toLowerCase();
const region = z.string().regex(/^[a-z0-9-]{1,20}$/);
/** Of a ticket that names none. */
export const ANYWHERE = "global";

const wishes = {
  mode,
  region: region.default(ANYWHERE),
  /** ms by region, as measured: where else it may be played. */
  latences: z
    .record(region, whole(0, 60_000))
    .refine((all) => Object.keys(all).length <= 20, "at most 20 regions")
    .default({}),
  /** ms that will do; default the mode's. */
  latenceMax: whole(1, 10_000).optional(),
  /** Whom a group wants to fight: a PNJ of the catalogue, or a BOSS. */
  cibleId: id.optional(),
};

/** What a player asks for: alone, or with friends who all give the same `groupeId`. */
export const playerTicket = z.strictObject({
  ...wishes,
  groupe: z.strictObject({ groupeId: id, taille: whole(2, 16) }).optional(),
});
export type PlayerTicket = z.infer<typeof playerTicket>;

/** What a service asks for, in the name of a party. A `cote` that it does not give is the player's own. */
export const serviceTicket = z.strictObject({
  ...wishes,
  joueurs: z
    .array(z.strictObject({ joueurId: id, cote: whole(0, 100_000).optional() }))
    .min(1)
    .max(16),
});
export type ServiceTicket = z.infer<typeof serviceTicket>;
