import type { Telemetry } from "../rooms/telemetry.ts";

/** What is drained: the actors of one kind. */
export interface Drained {
  drain(deadlineMs: number): Promise<void>;
  open(): void;
}

/**
 * A node that is to stop, or is to be left alone for a while.
 * - serving: it takes what comes.
 * - draining: joins are refused with a code that says that another node takes them, `/readyz` tells balancers, and what it runs is
 *   handed over: mailboxes are finished, snapshots saved, aggregates given up, clients told to come again.
 * - drained: it runs nothing; what comes over HTTP is done cold. It stays so until it is stopped, or is to serve again.
 */
export interface Drain {
  readonly isDraining: boolean;
  /** Resolves when it is drained, or when the time for that has passed: what was not finished by then is left as it is. */
  start(): Promise<void>;
  serve(): Promise<void>;
}

interface DrainOptions {
  readonly kinds: readonly Drained[];
  readonly deadlineMs: number;
  /** Lets other nodes know whether it is draining now. */
  announce(): Promise<void>;
  readonly telemetry: Pick<Telemetry, "fault">;
}

export function createDrain({ kinds, deadlineMs, announce, telemetry }: DrainOptions): Drain {
  let drained: Promise<void> | undefined;

  async function tell(): Promise<void> {
    // A hint: with the next heartbeat it is said again.
    await announce().catch((error: unknown) => telemetry.fault("announce", error));
  }

  return {
    get isDraining() {
      return drained !== undefined;
    },
    start() {
      // Nothing new is taken from this moment on, whoever knows of it.
      if (drained === undefined) {
        const handedOver = Promise.all(kinds.map((kind) => kind.drain(deadlineMs)));
        drained = handedOver.then(() => undefined);
        void tell();
      }
      return drained;
    },
    async serve() {
      await drained;
      drained = undefined;
      for (const kind of kinds) kind.open();
      await tell();
    },
  };
}
