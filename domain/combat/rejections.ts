import type { Rejection } from "../decider.ts";

/** Every reason for which a combat refuses a command. The codes are public and stable. */
export const COMBAT_REJECTIONS = {
  COMBAT_NOT_FOUND: "there is no such combat",
  COMBAT_ALREADY_PREPARED: "this combat was prepared before",
  COMBAT_NOT_STARTED: "the combat has not started yet",
  COMBAT_ALREADY_STARTED: "the combat has started already",
  COMBAT_OVER: "the combat is over",
  NOT_A_PARTICIPANT: "you do not take part in this combat",
  PARTICIPANT_OUT: "you are out of this combat",
  NOT_YOUR_TURN: "it is another participant's turn",
  NOT_NPC_TURN: "it is a player's turn",
  STALE_TURN: "that turn is over",
  TOO_EARLY: "the deadline has not passed yet",
  STUNNED: "you are stunned",
  SILENCED: "you are silenced and cannot use skills",
  UNKNOWN_SKILL: "you do not have this skill",
  UNKNOWN_ITEM: "you do not carry this item",
  NO_SUCH_ITEM_LEFT: "there is not enough of this item left",
  NOT_ENOUGH_MANA: "not enough mana",
  NOT_ENOUGH_STAMINA: "not enough stamina",
  ON_COOLDOWN: "this skill is not ready yet",
  INVALID_TARGET: "this is not a target of that action",
  OUT_OF_RANGE: "out of range",
  INVALID_POSITION: "this position cannot be reached",
  FLIGHT_FORBIDDEN: "nobody can flee from this combat",
} as const;

export type CombatRejectionCode = keyof typeof COMBAT_REJECTIONS;

export function rejection(code: CombatRejectionCode): Rejection {
  return { code, message: COMBAT_REJECTIONS[code] };
}
