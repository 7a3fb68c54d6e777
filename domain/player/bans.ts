import { z } from "zod";
import type { EventDefinitions } from "../decider.ts";
import type { DomainEvent } from "../envelope.ts";

const id = z.uuid();

const joueurBanni = z.object({
  banId: id,
  joueurId: id,
  raison: z.string().max(500),
  /** An operator, or the server itself: the id of zeros. */
  banniPar: id,
  /** Null: until it is lifted. */
  expireA: z.iso.datetime().nullable(),
});
const banLeve = z.object({ banId: id, joueurId: id, levePar: id });

/**
 * What is told of bans [BAN-4]. No aggregate decides them and none is changed by them: they are in a stream of their own beside the
 * player's, so that whoever runs the player is not disturbed.
 */
export const banEvents = {
  JoueurBanni: { schemaVersion: 1, schema: joueurBanni },
  BanLeve: { schemaVersion: 1, schema: banLeve },
} as const satisfies EventDefinitions;

export type BanEvent =
  | DomainEvent<"JoueurBanni", z.infer<typeof joueurBanni>>
  | DomainEvent<"BanLeve", z.infer<typeof banLeve>>;

export function banned(payload: z.infer<typeof joueurBanni>): BanEvent {
  return { eventType: "JoueurBanni", payload };
}

export function lifted(payload: z.infer<typeof banLeve>): BanEvent {
  return { eventType: "BanLeve", payload };
}
