import { type Answer, refusal } from "../domain/codes.ts";
import { wirePlayerCommand } from "../domain/player/commands.ts";
import type { PlayerState } from "../domain/player/state.ts";
import type { Commands } from "./commands.ts";
import { createExchanges } from "./exchanges.ts";
import type { UnfilledPlayerCommand } from "./player-room.ts";
import type { Telemetry } from "./telemetry.ts";

/** What a player may ask that does not concern its own aggregate alone, through whichever door. */
export interface PlayerDesk {
  /** Undefined: it does concern that alone. */
  handle(message: unknown, joueurId: string, commandId: string, correlationId?: string): Promise<Answer> | undefined;
}

export interface PlayerDeskServices {
  readonly commands: Commands<{ Joueur: UnfilledPlayerCommand }>;
  read(joueurId: string): Promise<PlayerState | undefined>;
  /** False: another player has that name. Rejects when it cannot be found out. */
  claimUsername(username: string, joueurId: string): Promise<boolean>;
  readonly telemetry: Telemetry;
}

export function createPlayerDesk({ commands, read, claimUsername, telemetry }: PlayerDeskServices): PlayerDesk {
  const exchanges = createExchanges(commands, read);

  async function create(
    command: Extract<UnfilledPlayerCommand, { type: "CreerJoueur" }>,
    commandId: string,
    correlationId: string | undefined,
  ): Promise<Answer> {
    const { joueurId, username } = command;
    try {
      // Whoever has a player keeps that player's name: the command is refused, or is the one that created it.
      const exists = (await read(joueurId)) !== undefined;
      if (!exists && !(await claimUsername(username, joueurId))) {
        telemetry.refused("USERNAME_TAKEN");
        return { ok: false, code: "USERNAME_TAKEN", message: "another player has this username", retryable: false };
      }
    } catch (error) {
      telemetry.fault("claim a username", error);
      return refusal("UNAVAILABLE");
    }
    return commands.send("Joueur", joueurId, { commandId, command, userId: joueurId, correlationId });
  }

  return {
    handle(message, joueurId, commandId, correlationId) {
      const parsed = wirePlayerCommand.safeParse(message);
      if (parsed.success && parsed.data.type === "CreerJoueur")
        return create({ ...parsed.data, joueurId }, commandId, correlationId);
      return exchanges.handle(message, joueurId, { commandId, correlationId });
    },
  };
}
