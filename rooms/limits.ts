/** What is limited apart: everything that a player does is a `call`; joins, and what is dearer or worth more to cheat with, have less beside that. */
export type LimitClass = "call" | "join" | "combat" | "trade";

/** What a player may do over all of its connections, through any door, on any node. */
export interface PlayerLimits {
  /** Counts one more of a player's, if it fits: 0; otherwise ms until it does. */
  waitMs(of: LimitClass, userId: string): number;
  /** One more of a player's was refused. True: that was too often, and the connection over which it came is to end. */
  refused(userId: string): boolean;
  /** A connection of a player's was ended for a flood. Who goes on like that is shut out for a while. */
  flooded(userId: string): void;
}
