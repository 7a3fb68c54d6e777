import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "../../domain/codes.ts";
import type { RawClient } from "../support/raw-client.ts";

/** Between commands, ms: well within what a player may send. */
const PAUSE_MS = 70;

/** Somebody who plays honestly, all the while: how long its answers took, and what was wrong with them. */
export interface Honest {
  /** From now on its answers count for that. */
  during(phase: string): void;
  /** The middle of the answers' times, ms, and how many there were, by phase. */
  medians(): ReadonlyMap<string, { readonly ms: number; readonly answers: number }>;
  readonly wrong: readonly unknown[];
  /** Waits meanwhile, and plays on. */
  without<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** @param commands what it does, again and again; each is to be accepted */
export function playHonestly(room: RawClient, commands: readonly object[]): Honest {
  const times = new Map<string, number[]>();
  const wrong: unknown[] = [];
  let phase = "";
  let stopped = false;
  let waits = false;

  async function play(): Promise<void> {
    for (let n = 0; !stopped; n += 1) {
      while (waits) await sleep(10);
      const since = performance.now();
      const during = phase;
      const answer = (await room.request({
        commandId: crypto.randomUUID(),
        ...commands[n % commands.length],
      })) as Answer;
      if (!answer.ok) wrong.push(answer);
      times.set(during, [...(times.get(during) ?? []), performance.now() - since]);
      await sleep(PAUSE_MS);
    }
  }
  const playing = play().catch((error: unknown) => void wrong.push(error));

  return {
    during(next) {
      phase = next;
    },
    medians: () =>
      new Map(
        [...times].map(([name, all]) => [
          name,
          { ms: all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0, answers: all.length },
        ]),
      ),
    wrong,
    async without(work) {
      waits = true;
      try {
        return await work();
      } finally {
        waits = false;
      }
    },
    async stop() {
      stopped = true;
      await playing;
    },
  };
}
