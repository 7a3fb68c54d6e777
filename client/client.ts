import { Client } from "@colyseus/sdk";
import type { CombatCommandMessage, CombatSnapshot } from "./combat.ts";
import type { MarketCommandMessage, MarketSnapshot } from "./market.ts";
import type { MatchmakingCommandMessage, MatchmakingSnapshot } from "./matchmaking.ts";
import type { PlayerCommandMessage, PlayerSnapshot } from "./player.ts";
import { Session } from "./session.ts";
import { type ReplayCommandMessage, type SpectateOptions, type SpectateSnapshot, spectateWish } from "./spectate.ts";
import type { WorldCommandMessage, WorldSnapshot } from "./world.ts";

export type { Answer, AnsweredEvent } from "../domain/codes.ts";
export type { CombatCommandMessage, CombatEffect, CombatLine, CombatParticipant, CombatSnapshot } from "./combat.ts";
export type { MarketCommandMessage, MarketLevel, MarketSnapshot, MarketTrade } from "./market.ts";
export type { MatchmakingCommandMessage, MatchmakingSnapshot } from "./matchmaking.ts";
export type {
  PlayerCommandMessage,
  PlayerOffer,
  PlayerOrder,
  PlayerQuest,
  PlayerSkill,
  PlayerSlot,
  PlayerSnapshot,
} from "./player.ts";
export type { CommandOptions, SessionEvents, SessionStatus } from "./session.ts";
export type {
  ReplayCommandMessage,
  ReplayOptions,
  ReplayPlace,
  SpectateOptions,
  SpectateSnapshot,
} from "./spectate.ts";
export type {
  ChatLine,
  WorldBoss,
  WorldCommandMessage,
  WorldEvent,
  WorldResource,
  WorldSnapshot,
  WorldZone,
} from "./world.ts";

export interface AetherOptions {
  /** The game port, e.g. `ws://localhost:2567`. */
  readonly url: string;
  /** An access token; see the README for how a developer gets one. */
  readonly token: string;
  /** ms between two pings; a connection that leaves one unanswered is given up for a new one. Default 10,000. */
  readonly heartbeatMs?: number;
}

export interface JoinOptions {
  /** Also send the events of each commit, to `onEvents`; default false: the state tells most clients enough. */
  readonly events?: boolean;
}

export type CombatSession = Session<CombatSnapshot, CombatCommandMessage>;
export type SpectateSession = Session<SpectateSnapshot, ReplayCommandMessage>;
export type PlayerSession = Session<PlayerSnapshot, PlayerCommandMessage>;
export type MarketSession = Session<MarketSnapshot, MarketCommandMessage>;
export type MatchmakingSession = Session<MatchmakingSnapshot, MatchmakingCommandMessage>;
export type WorldSession = Session<WorldSnapshot, WorldCommandMessage>;

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

  /**
   * A combat for those who only watch: live, delayed, or with `replay` from its log, finished or not. A replay takes the commands `play`,
   * `pause`, `speed` and `seek`, and goes on from where it was after a pause of the connection; nothing else takes any.
   * @throws MatchMakeError: 401 no valid token, 403 not this one's to watch, 404 no such combat
   */
  spectate(combatId: string, options: SpectateOptions = {}): Promise<SpectateSession> {
    return Session.join(this.#client, "spectate", spectateWish(combatId, options), this.#heartbeatMs);
  }

  /**
   * The token's player; who has none yet creates it with `CreerJoueur`. One session at a time: a newer one ends the older, whose
   * status becomes `closed`.
   * @throws MatchMakeError: 401 no valid token, 403 not a player's
   */
  joinPlayer({ events = false }: JoinOptions = {}): Promise<PlayerSession> {
    return Session.join(this.#client, "player", { events }, this.#heartbeatMs);
  }

  /** @throws MatchMakeError: 401 no valid token, 403 not a player's, 404 no such item, or not one that is traded */
  joinMarket(itemId: string, { events = false }: JoinOptions = {}): Promise<MarketSession> {
    return Session.join(this.#client, "market", { itemId, events }, this.#heartbeatMs);
  }

  /**
   * The player's own ticket, with which to look for a match in that mode. To leave the room is not to leave the queue.
   * @throws MatchMakeError: 400 no such mode, 401 no valid token, 403 not a player's
   */
  joinMatchmaking(mode: "1V1" | "2V2" | "3V3" | "PVE" | "BOSS"): Promise<MatchmakingSession> {
    return Session.join(this.#client, "matchmaking", { mode }, this.#heartbeatMs);
  }

  /**
   * The world. With a `zoneId`, this session hears that zone's chat (`onMessage("chat", …)`) and speaks in it (`Parler`).
   * @throws MatchMakeError: 401 no valid token
   */
  joinWorld({ events = false, zoneId }: JoinOptions & { readonly zoneId?: string } = {}): Promise<WorldSession> {
    return Session.join(this.#client, "world", { events, ...(zoneId && { zoneId }) }, this.#heartbeatMs);
  }
}
