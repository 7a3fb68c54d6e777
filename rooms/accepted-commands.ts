import type { AcceptedCommand } from "../store/event-store.ts";

/** How many of an actor's accepted commands are remembered; a repeat of an older one is decided anew. */
const REMEMBERED = 256;

/** The commands that an actor has accepted, newest last, by the versions of the events that they left. */
export class AcceptedCommands {
  readonly #commands: Map<string, AcceptedCommand>;

  constructor(commands: readonly AcceptedCommand[] = []) {
    this.#commands = new Map(commands.slice(-REMEMBERED).map((command) => [command.commandId, command]));
  }

  get(commandId: string): AcceptedCommand | undefined {
    return this.#commands.get(commandId);
  }

  add(command: AcceptedCommand): void {
    this.#commands.set(command.commandId, command);
    if (this.#commands.size <= REMEMBERED) return;
    for (const oldest of this.#commands.keys()) {
      this.#commands.delete(oldest);
      return;
    }
  }
}
