import { z } from "zod";
import { type Answer, rateLimited, refusal } from "../domain/codes.ts";
import { type WorldCommand, wireWorldCommand } from "../domain/world/commands.ts";
import type { WorldState } from "../domain/world/state.ts";
import { WORLD_ID } from "../domain/world/values.ts";
import type { Actors } from "./actors.ts";
import { createRoomClass, type RoomCall, type RoomKind, type RoomServices } from "./aggregate-room.ts";
import type { Principal } from "./principal.ts";
import { TokenBuckets } from "./token-bucket.ts";
import { typesOf } from "./wire.ts";
import { projectWorld, WorldView } from "./world-view.ts";

const chatMessage = z.strictObject({ type: z.literal("Parler"), texte: z.string().trim().min(1).max(300) });
/** Messages a second and in a burst, for one player, over all its connections. */
const CHAT = { perSecond: 0.5, burst: 5 };

/** A line of a zone's chat. It is told to those who are there, and kept nowhere. */
export interface ChatLine {
  readonly zoneId: string;
  readonly joueurId: string;
  readonly pseudo: string;
  readonly texte: string;
}

export interface WorldRoomServices extends RoomServices {
  /** The display name of a player; undefined if there is no such player. Rejects when it cannot be found out. */
  pseudoOf(joueurId: string): Promise<string | undefined>;
  /** A line was said; to whom it is told besides. */
  readonly heard?: ((line: ChatLine) => void) | undefined;
  /** Sends a world command to wherever the world runs. */
  send(command: WorldCommand, call: RoomCall, userId: string): Promise<Answer>;
}

/** The room `world`: one for everyone (contract: "Rooms"). A client that joins with a `zoneId` hears that zone's chat. */
export function createWorldRoom(actors: Actors<WorldState, WorldCommand>, services: WorldRoomServices) {
  const { telemetry } = services;
  const chat = new TokenBuckets(CHAT);

  async function named(joueurId: string): Promise<string | undefined> {
    try {
      return await services.pseudoOf(joueurId);
    } catch (error) {
      telemetry.fault("name of a player", error);
      return undefined;
    }
  }

  async function speak(texte: string, { userId: joueurId }: Principal, call: RoomCall): Promise<Answer> {
    const zoneId = z.uuid().safeParse(call.options["zoneId"]).data;
    if (zoneId === undefined) return refused("BAD_REQUEST", "who joins without a zoneId is in no zone");
    const wait = chat.waitMs(joueurId);
    if (wait > 0) {
      telemetry.refused("RATE_LIMITED");
      return rateLimited(wait, "too many messages in a short time");
    }
    const pseudo = await named(joueurId);
    if (pseudo === undefined) return refused("NOT_FOUND", "there is no player of this token's");
    const line: ChatLine = { zoneId, joueurId, pseudo, texte };
    call.tell("chat", line, (options) => options["zoneId"] === zoneId);
    services.heard?.(line);
    return { ok: true, version: 0, sequence: 0, events: [] };
  }

  function refused(code: "BAD_REQUEST" | "NOT_FOUND", message: string): Answer {
    telemetry.refused(code);
    return refusal(code, message);
  }

  async function discover(zoneId: string, { userId }: Principal, call: RoomCall): Promise<Answer> {
    const pseudo = await named(userId);
    if (pseudo === undefined) return refused("NOT_FOUND", "there is no player of this token's");
    return services.send({ type: "DecouvrirZone", zoneId, joueurId: userId, pseudo }, call, userId);
  }

  const kind: RoomKind<WorldState, WorldCommand, WorldView> = {
    name: "world",
    key: "mondeId",
    actors,
    idFor: () => WORLD_ID,
    createView: () => new WorldView(),
    project: projectWorld,
    refuseEntry: () => undefined,
    messages: [...typesOf(wireWorldCommand), chatMessage.shape.type.value],
    parse(message, { role, userId }) {
      const parsed = wireWorldCommand.safeParse(message);
      if (role !== "joueur" || !parsed.success || parsed.data.type === "DecouvrirZone") return undefined;
      return { ...parsed.data, joueurId: userId };
    },
    handle(message, who, call) {
      if (who.role !== "joueur") return undefined;
      const line = chatMessage.safeParse(message);
      if (line.success) return speak(line.data.texte, who, call);
      const command = wireWorldCommand.safeParse(message);
      // The world keeps the name of who discovers a zone first.
      return command.success && command.data.type === "DecouvrirZone"
        ? discover(command.data.zoneId, who, call)
        : undefined;
    },
  };
  return createRoomClass(kind, services);
}
