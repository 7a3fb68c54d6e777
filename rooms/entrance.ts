import type { RefusalCode } from "../domain/codes.ts";
import type { Principal } from "./principal.ts";

/** What a session is for: a room by its name, and what it shows. */
export interface SessionOf {
  readonly room: string;
  readonly id: string;
}

/** A client that came back with its session. */
export interface Returned {
  readonly who: Principal;
  readonly sessionId: string;
  readonly of: SessionOf;
}

/** Who may come in, and come back: asked by every door, on every node. Rejects when it cannot be found out. */
export interface Entrance {
  /** Why this player may not enter now, however good its token is. */
  mayEnter(userId: string): Promise<RefusalCode | undefined>;
  /** Begins the session of a client that has come. @returns the token with which it comes back, on any node */
  open(sessionId: string, who: Principal, of: SessionOf): Promise<string>;
  /** Whose session a token is, if it is any, and may be gone on with. */
  resume(token: unknown): Promise<Returned | RefusalCode>;
  /** The session is over: its token is good for nothing any more. */
  end(sessionId: string): void;
  /** `shut` is called when the player is shut out, on whatever node that was decided; until what is returned is called. */
  watch(userId: string, shut: () => void): () => void;
}
