import type { Unfilled } from "../domain/catalogue/lookup.ts";
import { type PlayerCommand, wirePlayerCommand } from "../domain/player/commands.ts";
import { wireExchangeCommand } from "../domain/player/exchange-commands.ts";
import type { PlayerState } from "../domain/player/state.ts";
import type { Actors } from "./actors.ts";
import { createRoomClass, type RoomKind, type RoomServices } from "./aggregate-room.ts";
import type { PlayerDesk } from "./player-desk.ts";
import { PlayerView, projectPlayer } from "./player-view.ts";
import type { SessionMirror } from "./session-mirror.ts";
import { typesOf } from "./wire.ts";

/** A command as a client sends it, as the decider takes it but for its definitions. */
export type UnfilledPlayerCommand = Unfilled<PlayerCommand>;

export interface PlayerRoomServices extends RoomServices {
  /** Adds the definitions that a command needs. */
  fill(command: UnfilledPlayerCommand): PlayerCommand;
  readonly desk: PlayerDesk;
  readonly sessions?: Pick<SessionMirror, "came"> | undefined;
}

/** The room `player`: a player's own (contract: "Rooms"). One live session; a newer one takes over. */
export function createPlayerRoom(actors: Actors<PlayerState, PlayerCommand>, services: PlayerRoomServices) {
  const kind: RoomKind<PlayerState, PlayerCommand, PlayerView> = {
    name: "player",
    key: "joueurId",
    actors,
    idFor: ({ userId }) => userId,
    refuseRoom: (_id, { role }) => (role === "joueur" ? undefined : "FORBIDDEN"),
    createView: () => new PlayerView(),
    project: projectPlayer,
    refuseEntry: () => undefined,
    messages: typesOf(wirePlayerCommand, wireExchangeCommand),
    sessionOf: ({ joueur }) => joueur.sessions.at(-1) ?? null,
    parse(message, { userId }) {
      const command = parsePlayerCommand(message, userId);
      return command === undefined ? undefined : services.fill(command);
    },
    handle: (message, { userId }, { commandId }) => services.desk.handle(message, userId, commandId),
    entered: ({ userId }, sessionId, address) => services.sessions?.came({ sessionId, userId, address }),
    // Who has no player yet has a session all the same, in which to create one.
    arrival: ({ joueur }, _who, sessionId) => (joueur.joueurId === "" ? undefined : { type: "SeConnecter", sessionId }),
    departure: ({ joueur }, _who, sessionId) =>
      joueur.sessions.includes(sessionId) ? { type: "SeDeconnecter", sessionId } : undefined,
  };
  return createRoomClass(kind, services);
}

/** A player's command about itself: who it is, the token says, whatever the message says. */
export function parsePlayerCommand(message: unknown, joueurId: string): UnfilledPlayerCommand | undefined {
  const parsed = wirePlayerCommand.safeParse(message);
  if (!parsed.success) return undefined;
  return parsed.data.type === "CreerJoueur" ? { ...parsed.data, joueurId } : parsed.data;
}
