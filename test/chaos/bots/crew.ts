import { join } from "node:path";
import { AetherClient } from "../../../client/client.ts";
import { tokenFor } from "../../support/fight.ts";
import { seeded } from "../../support/seeded.ts";
import { createJournal, type Entry, type Journal } from "../journal.ts";
import { createAdventurer } from "./adventurer.ts";
import type { Bot, BotWorld } from "./bot.ts";
import { createDuellists } from "./duellists.ts";
import { createTrader } from "./trader.ts";

export interface Crew {
  readonly bots: readonly Bot[];
  /** Of their journals. */
  readonly files: readonly string[];
  /** Answers by what they were: accepted, or the code. */
  readonly outcomes: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export interface CrewOptions {
  readonly seed: number;
  readonly gameUrl: string;
  readonly apiUrl: string;
  /** Where journals go. */
  readonly folder: string;
  readonly size: { readonly duellists: number; readonly adventurers: number; readonly traders: number };
  over(): boolean;
}

/** A client that leaves a ping unanswered for so long is given up, ms. */
const HEARTBEAT_MS = 1_000;

/** Bots of every kind, each with its own journal and its own part of the seed. */
export function assembleCrew({ seed, gameUrl, apiUrl, folder, size, over }: CrewOptions): Crew {
  const journals: Journal[] = [];
  const files: string[] = [];
  const outcomes = new Map<string, number>();
  const bots: Bot[] = [];

  function count(entry: Entry): void {
    if (entry.kind !== "answered") return;
    const outcome = entry.answer.ok ? "accepted" : entry.answer.code;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }

  function worldOf(name: string): BotWorld {
    const file = join(folder, `${name}.jsonl`);
    const journal = createJournal(file, count);
    journals.push(journal);
    files.push(file);
    return {
      ...{ apiUrl, journal, over, random: seeded(seed * 1_000 + journals.length) },
      client: async (userId) =>
        new AetherClient({ url: gameUrl, token: await tokenFor("joueur", userId), heartbeatMs: HEARTBEAT_MS }),
    };
  }

  function add(many: number, kind: string, create: (name: string, n: number, world: BotWorld) => Bot): void {
    for (let n = 1; n <= many; n += 1) bots.push(create(`${kind}-${n}`, n, worldOf(`${kind}-${n}`)));
  }

  const playerIds = (): readonly string[] => bots.flatMap(({ playerId }) => playerId ?? []);
  add(size.duellists, "duellists", (name, _, world) => createDuellists(name, world));
  add(size.adventurers, "adventurer", (name, n, world) => createAdventurer(name, n, world, playerIds));
  add(size.traders, "trader", createTrader);
  return {
    ...{ bots, files, outcomes },
    close: async () => void (await Promise.all(journals.map((journal) => journal.close()))),
  };
}
