import { type Answer, refusal } from "../domain/codes.ts";
import {
  type ExchangeCommand,
  type WireExchangeCommand,
  wireExchangeCommand,
} from "../domain/player/exchange-commands.ts";
import type { Offre } from "../domain/player/negotiation.ts";
import { type PlayerRejectionCode, rejection } from "../domain/player/rejections.ts";
import type { PlayerState } from "../domain/player/state.ts";
import { derivedUuid } from "../store/uuid.ts";
import type { Commands } from "./commands.ts";
import type { UnfilledPlayerCommand } from "./player-room.ts";

type PlayerCommands = Pick<Commands<{ Joueur: UnfilledPlayerCommand }>, "together" | "party">;
type Refusal = Answer & { readonly ok: false };

/** Who asks, and the id of the request. */
export interface ExchangeCall {
  readonly commandId: string;
  readonly correlationId?: string | undefined;
  readonly sessionId?: string | undefined;
}

export interface Exchanges {
  /**
   * Undefined: the message is not about an exchange. The answer has the events of the sender's side, and is the
   * same for a repeat of the commandId, also when the exchange is long over.
   */
  handle(message: unknown, joueurId: string, call: ExchangeCall): Promise<Answer> | undefined;
}

/**
 * Exchanges of two players. Each step is a command of both, decided upon what both are at that moment and stored in one commit,
 * wherever their actors run. `read`: the player as it is in the log, or was a moment ago; where it rejects, so does the step.
 */
export function createExchanges(
  commands: PlayerCommands,
  read: (joueurId: string) => Promise<PlayerState | undefined>,
): Exchanges {
  async function perform(message: WireExchangeCommand, par: string, call: ExchangeCall): Promise<Answer> {
    const opens = message.type === "OuvrirEchange";
    const current = opens ? undefined : (await read(par))?.joueur.echange;
    // Without one under way, the sender's decider says so, or what this very command was answered before.
    const echangeId = current?.echangeId ?? derivedUuid("echange", call.commandId);
    const avec = opens ? message.avec : current?.avec;
    const states = new Map<string, PlayerState>();
    const half = (id: string, other: string) =>
      commands.party("Joueur", id, () => commandFor(message, echangeId, par, other, states), {
        seen: (state: PlayerState) => void states.set(id, state),
      });
    const far = avec === undefined || avec === par ? [] : [half(avec, par)];
    return commands.together([...far, half(par, avec ?? par)], { ...call, userId: par });
  }

  return {
    handle(message, joueurId, call) {
      const parsed = wireExchangeCommand.safeParse(message);
      return parsed.success ? perform(parsed.data, joueurId, call) : undefined;
    },
  };
}

function commandFor(
  message: WireExchangeCommand,
  echangeId: string,
  par: string,
  avec: string,
  states: ReadonlyMap<string, PlayerState>,
): ExchangeCommand | Refusal {
  const now = states.get(par)?.joueur.echange ?? undefined;
  // What was read is behind: asking again finds the one that is under way.
  if (message.type !== "OuvrirEchange" && now !== undefined && now.echangeId !== echangeId)
    return refusal("UNAVAILABLE");
  switch (message.type) {
    case "OuvrirEchange": {
      const pseudoAvec = states.get(avec)?.joueur.pseudo ?? "";
      return pseudoAvec === ""
        ? refused("PLAYER_NOT_FOUND", avec !== par)
        : { type: message.type, echangeId, par, avec, pseudoAvec };
    }
    case "ProposerOffre": {
      const offre = offerOf(message, states.get(par));
      return offre === undefined ? refused("UNKNOWN_SLOT") : { type: "ModifierOffre", echangeId, par, offre };
    }
    case "ConfirmerEchange":
      return { type: message.type, echangeId, par, revision: message.revision };
    case "AnnulerEchange":
      return { type: message.type, echangeId, par };
  }
}

/** The goods as they are; undefined: a slot is not there. */
function offerOf(
  { or, objets }: Extract<WireExchangeCommand, { type: "ProposerOffre" }>,
  state: PlayerState | undefined,
): Offre | undefined {
  const goods: Offre["objets"][number][] = [];
  for (const { slotId, quantite } of objets) {
    const slot = state?.inventaire.slots[slotId];
    if (slot === undefined) return undefined;
    goods.push({ slotId, itemId: slot.itemId, quantite, proprietes: slot.proprietes });
  }
  return { or, objets: goods };
}

function refused(code: PlayerRejectionCode, theirs = false): Refusal {
  return { ok: false, ...rejection(code, theirs), retryable: false };
}
