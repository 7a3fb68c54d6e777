import type { CombatHead, Viewer } from "../projections/combat-access.ts";
import type { Principal } from "../rooms/principal.ts";
import type { WatchedCombat } from "../rooms/spectate-combats.ts";

/** Who may look into combats: players into those that they take part in or are invited to, the others into any that there is for them. */
export const COMBAT_VIEWERS = [
  "joueur",
  "spectateur",
  "service",
  "admin",
] as const satisfies readonly Principal["role"][];

/** Whether this participant of a combat is who asks. */
export function isSelf(
  { userId }: Principal,
  one: { readonly typeEntite: string; readonly entiteId: string },
): boolean {
  return one.typeEntite === "JOUEUR" && one.entiteId === userId;
}

/** As whom somebody asks about combats: those who run the game see all of them at once. */
export function viewerOf({ role, userId }: Principal, delayMs: number): Viewer {
  return { userId, seesAll: role === "service" || role === "admin", delayMs };
}

/** Whether it may look into a combat that there is for it. */
export function mayLookInto({ role }: Principal, { access }: CombatHead): boolean {
  switch (role) {
    case "joueur":
      return access === "OWN" || access === "INVITED";
    case "spectateur":
    case "service":
    case "admin":
      return true;
    case "auteur":
      return false;
  }
}

/** What a player carries, wears and has learnt is told to itself and to operators. */
export function mayReadOwn({ role, userId }: Principal, joueurId: string): boolean {
  return role === "admin" || (role === "joueur" && userId === joueurId);
}

/** Who may watch a combat from the outside: players, those who came to watch, and operators; a private one, those whom it is for. */
export function mayWatch(who: Principal, { prive, invites, participants }: WatchedCombat): boolean {
  switch (who.role) {
    case "admin":
      return true;
    case "joueur":
    case "spectateur":
      return !prive || invites.includes(who.userId) || participants.some((one) => isSelf(who, one));
    case "service":
    case "auteur":
      return false;
  }
}

/** Operators bear no delay. */
export function mayWatchAtOnce({ role }: Principal): boolean {
  return role === "admin";
}
