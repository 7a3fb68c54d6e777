import type { Definitions } from "../catalogue/definitions.ts";
import type { LifeCommand } from "./life-commands.ts";
import type { QuetesState } from "./quetes.ts";

/** Ids of the catalogue, by kind. */
export type Needs = Readonly<Partial<Record<keyof Definitions, readonly string[]>>>;

/** A command with its definitions still to be filled in. */
export type Unfilled<Command> = Command extends unknown ? Omit<Command, "definitions"> : never;

/**
 * The definitions that a command is decided with: what its sender names, and for TerminerQuete what the quest as this player
 * accepted it rewards with. None: the command takes no `definitions`.
 */
export function definitionsNeeded(quetes: QuetesState, command: Unfilled<LifeCommand>): Needs | undefined {
  switch (command.type) {
    case "ApprendreCompetence":
      return { competences: [command.competenceId] };
    case "AccepterQuete":
      return { quetes: [command.queteId] };
    case "TerminerQuete": {
      const rewards = quetes.ouvertes[command.queteId]?.definition.recompenses.objets ?? [];
      return { items: rewards.map((one) => one.itemId) };
    }
    case "ParlerPnj":
    case "OuvrirCommerce":
      return { pnj: [command.pnjId] };
    case "AcheterPnj":
      return { items: [command.itemId] };
    case "AmeliorerCompetence":
    case "UtiliserCompetence":
    case "AbandonnerQuete":
    case "EchouerQuete":
    case "ExpirerQuetes":
    case "ProgresserObjectifs":
    case "VendrePnj":
      return undefined;
  }
}
