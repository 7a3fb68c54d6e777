import { type Catalogue, itemIn } from "../domain/catalogue/catalogue.ts";
import { definitionsFor, type Unfilled } from "../domain/catalogue/lookup.ts";
import type { MarketCommand } from "../domain/market/commands.ts";
import { type PlayerCommand, playerCommand } from "../domain/player/commands.ts";

const TAKES_DEFINITIONS: ReadonlySet<string> = new Set(
  playerCommand.options.filter(({ shape }) => "definitions" in shape).map(({ shape }) => shape.type.value),
);

/** A player's command with the definitions that it needs, as the catalogue has them now. */
export function fillPlayerCommand(command: Unfilled<PlayerCommand>, catalogue: Catalogue): PlayerCommand {
  if (!TAKES_DEFINITIONS.has(command.type)) return command as PlayerCommand;
  return { ...command, definitions: definitionsFor(command, catalogue) } as PlayerCommand;
}

/** Whether an order's item may be traded, the catalogue knows. */
export function fillMarketCommand(command: MarketCommand, catalogue: Catalogue): MarketCommand {
  if (command.type !== "PlacerOrdre") return command;
  return { ...command, echangeable: itemIn(catalogue, command.itemId)?.echangeable === true };
}
