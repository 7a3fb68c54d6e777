import { Client } from "@colyseus/sdk";
import type { CombatCommandMessage, CombatSnapshot } from "./combat.ts";
import { Session } from "./session.ts";

export type { Answer, AnsweredEvent } from "../domain/codes.ts";
export type { CombatCommandMessage, CombatEffect, CombatLine, CombatParticipant, CombatSnapshot } from "./combat.ts";
export type { CommandOptions, SessionEvents, SessionStatus } from "./session.ts";

export interface AetherOptions {
  /** The game port, e.g. `ws://localhost:2567`. */
  readonly url: string;
  /** An access token; see the README for how a developer gets one. */
  readonly token: string;
  /** ms between two pings; a connection that leaves one unanswered is given up for a new one. Default 10,000. */
  readonly heartbeatMs?: number;
}

export interface JoinOptions {
  /** Also send the events of each commit; default false: the state tells most clients enough. */
  readonly events?: boolean;
}

export type CombatSession = Session<CombatSnapshot, CombatCommandMessage>;

/** The way into a game: one a player. Works in Node (22 and later) and in browsers. */
export class AetherClient {
  readonly #client: Client;
  readonly #heartbeatMs: number;

  constructor({ url, token, heartbeatMs = 10_000 }: AetherOptions) {
    this.#heartbeatMs = heartbeatMs;
    this.#client = new Client(url);
    this.#client.auth.token = token;
  }

  /** A new token for joins to come, the ones after a pause included. */
  set token(token: string) {
    this.#client.auth.token = token;
  }

  /** @throws MatchMakeError: 401 no valid token, 403 not a participant, 404 no such combat */
  joinCombat(combatId: string, { events = false }: JoinOptions = {}): Promise<CombatSession> {
    return Session.join(this.#client, "combat", { combatId, events }, this.#heartbeatMs);
  }
}
