import type { StoredEvent } from "../domain/envelope.ts";
import type { AcceptedCommand } from "../store/event-store.ts";

/** How many of an actor's accepted commands are remembered; a repeat of an older one is decided anew. */
export const COMMANDS_REMEMBERED = 256;

/**
 * The commands that an actor has accepted, newest last, by the versions of the events they left. It can be built from the
 * events alone, since each carries its commandId: what was accepted is known wherever the events are.
 */
export class AcceptedCommands {
  readonly #commands: Map<string, AcceptedCommand>;

  constructor(commands: readonly AcceptedCommand[] = []) {
    this.#commands = new Map(commands.map((command) => [command.commandId, command]));
  }

  get(commandId: string): AcceptedCommand | undefined {
    return this.#commands.get(commandId);
  }

  add(command: AcceptedCommand): void {
    this.#commands.set(command.commandId, command);
    if (this.#commands.size > COMMANDS_REMEMBERED) {
      for (const oldest of this.#commands.keys()) {
        this.#commands.delete(oldest);
        break;
      }
    }
  }

  /** Takes note of one event of the log; a command's events follow each other. */
  observe({ metadata: { commandId }, version, sequence }: StoredEvent): void {
    if (commandId === undefined) return;
    const fromVersion = this.#commands.get(commandId)?.fromVersion ?? version;
    this.add({ commandId, fromVersion, toVersion: version, sequence });
  }

  toJSON(): readonly AcceptedCommand[] {
    return [...this.#commands.values()];
  }
}
