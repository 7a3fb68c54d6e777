import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { AetherClient } from "../../client/client.ts";
import { allEvents } from "../../domain/all-events.ts";
import { createPool } from "../../store/database.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { openBadNetwork } from "../support/bad-network.ts";
import { tokenFor } from "../support/fight.ts";
import { wholeLog } from "../support/play-game.ts";
import { seeded } from "../support/seeded.ts";
import { createAdventurer } from "./bots/adventurer.ts";
import type { Bot, BotWorld } from "./bots/bot.ts";
import { createDuellists } from "./bots/duellists.ts";
import { createTrader, GOODS } from "./bots/trader.ts";
import { checkAll } from "./check/all.ts";
import { createFaults, type Injected } from "./faults.ts";
import { createJournal, type Entry, type Journal, readJournal } from "./journal.ts";
import { describeFault, planFaults } from "./plan.ts";
import { checkReadModels } from "./read-models.ts";
import { type Recovery, recoveries } from "./recovery.ts";
import { comeToRest } from "./settling.ts";
import { startCluster } from "./stand-in.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** ms between two faults, on average; default 4,000. */
  readonly everyMs?: number;
  /** Data, logs and journals; a folder that PostgreSQL's user may enter. */
  readonly folder: string;
  readonly games?: number;
  readonly bots?: { readonly duellists: number; readonly adventurers: number; readonly traders: number };
  readonly say: (line: string) => void;
  /** Ends everything, without a verdict. */
  readonly signal?: AbortSignal;
}

export interface ChaosReport {
  readonly injected: readonly Injected[];
  /** Commands by what became of them: accepted, or the code. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly events: number;
  readonly combats: number;
  readonly states: number;
  readonly recoveries: readonly Recovery[];
  /** What does not hold. */
  readonly problems: readonly string[];
}

const EVERY_MS = 4_000;
const BOTS = { duellists: 4, adventurers: 4, traders: 4 };
/** Bots command as fast as they like. */
const ENV = { COMMANDS_PER_SECOND: "100000", FRAMES_PER_SECOND: "100000", DEMO_WORLD: "true" };
/** Before the first fault and after the last, ms. */
const CALM_MS = 2_000;
/** ms within which everything that was begun has to come to its end once nothing is wrong any more. */
const SETTLE_MS = 120_000;
const PROGRESS_MS = 10_000;

/** A cluster, bots on it, faults; then peace, and the proof. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, durationMs, everyMs = EVERY_MS, folder, games = 2, bots: counts = BOTS, say, signal } = options;
  const nodeIds = new Map<string, string>();
  const starting = new Set<string>();
  const cluster = await startCluster({
    folder: join(folder, "cluster"),
    games,
    env: ENV,
    onLog(name, line) {
      // The id stands in the line after the one that says that the node is ready.
      if (line.includes("ready: game")) starting.add(name);
      const nodeId = /nodeId: "([0-9a-f-]{36})"/.exec(line)?.[1];
      if (nodeId !== undefined && starting.delete(name)) nodeIds.set(name, nodeId);
    },
  });
  const releasers: (() => Promise<unknown>)[] = [() => cluster.stop()];
  try {
    signal?.throwIfAborted();
    const network = await openBadNetwork(cluster.gameUrl);
    releasers.push(() => network.close());
    const faults = createFaults({ cluster, networks: [network], nodeIdOf: (name) => nodeIds.get(name) });
    const plan = planFaults({ seed, durationMs, everyMs, processes: cluster.processes });
    say(`seed ${seed}: ${plan.length} faults in ${durationMs / 1_000} s`);
    for (const fault of plan) say(describeFault(fault));

    const journals = join(folder, "journals");
    await mkdir(journals, { recursive: true });
    const files: string[] = [];
    const open: Journal[] = [];
    const outcomes = new Map<string, number>();
    let over = false;
    function count(entry: Entry): void {
      if (entry.kind !== "answered") return;
      const outcome = entry.answer.ok ? "accepted" : entry.answer.code;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    function worldFor(name: string, n: number): BotWorld {
      const file = join(journals, `${name}.jsonl`);
      const journal = createJournal(file, count);
      files.push(file);
      open.push(journal);
      return {
        apiUrl: cluster.apiUrl,
        journal,
        random: seeded(seed * 1_000 + n),
        over: () => over,
        client: async (userId) =>
          new AetherClient({ url: network.url, token: await tokenFor("joueur", userId), heartbeatMs: 1_000 }),
      };
    }
    const bots: Bot[] = [];
    const playerIds = (): readonly string[] => bots.flatMap(({ playerId }) => playerId ?? []);
    for (let i = 1; i <= counts.duellists; i += 1) bots.push(createDuellists(`duel-${i}`, worldFor(`duel-${i}`, i)));
    for (let i = 1; i <= counts.adventurers; i += 1)
      bots.push(createAdventurer(`adventurer-${i}`, i, worldFor(`adventurer-${i}`, 100 + i), playerIds));
    for (let i = 1; i <= counts.traders; i += 1)
      bots.push(createTrader(`trader-${i}`, i, worldFor(`trader-${i}`, 200 + i)));

    const problems: string[] = [];
    const playing = bots.map((bot) => bot.play());
    const begun = Date.now();
    const progress = setInterval(() => {
      const accepted = outcomes.get("accepted") ?? 0;
      say(
        `${Math.round((Date.now() - begun) / 1_000)} s: ${faults.injected.length} of ${plan.length} faults, ${accepted} commands accepted`,
      );
    }, PROGRESS_MS);
    releasers.push(async () => clearInterval(progress));
    const failed = Promise.all(playing);
    await Promise.race([failed, sleep(CALM_MS, undefined, { signal })]);
    const start = Date.now();
    const injecting: Promise<void>[] = [];
    for (const fault of plan) {
      await Promise.race([failed, sleep(Math.max(0, start + fault.at - Date.now()), undefined, { signal })]);
      injecting.push(faults.inject(fault));
    }
    await Promise.all(injecting);
    await faults.heal();
    say("nothing is wrong any more: everything comes to its end");
    await sleep(CALM_MS, undefined, { signal });
    over = true;

    problems.push(...(await each(bots, (bot, i) => playing[i] ?? bot.play(), "has not come to its end")));
    const registry = createRegistry(...allEvents);
    const pool = createPool({ url: cluster.databaseUrl, poolSize: 4 });
    const writePool = createPool({ url: cluster.databaseUrl, poolSize: 2 });
    const store = createPostgresStore({ writePool, readPool: pool }, registry);
    releasers.push(() => store.close());
    const lastSequence = async () => store.lastSequence(await store.highWaterMark());
    const rest = async (): Promise<void> => {
      const left = await comeToRest(cluster.apiUrl, lastSequence, SETTLE_MS);
      problems.push(...(left ?? ["sagas and read models have not come to rest"]));
    };
    problems.push(...(await combatsEnd(pool)));
    await rest();
    problems.push(...(await each(bots, (bot) => bot.askAgain(), "was not answered when it asked again")));
    await rest();
    // What was written last is to be shown before the clients leave.
    await sleep(CALM_MS, undefined, { signal });
    const restAt = await lastSequence();
    await each(bots, (bot) => bot.leave(), "could not leave");
    await rest();
    for (const journal of open) await journal.close();

    say("reading the log");
    const log = await wholeLog(store);
    const found = await checkAll({
      ...{ log, restAt, goods: GOODS },
      journals: files.map((file) => () => readJournal(file)),
    });
    problems.push(...found.problems);
    say("making the read models anew");
    problems.push(...(await checkReadModels(cluster.databaseUrl, pool, store)));
    return {
      injected: faults.injected,
      outcomes,
      events: log.length,
      combats: found.combats,
      states: found.states,
      recoveries: recoveries(faults.injected, found.commands, found.log),
      problems,
    };
  } finally {
    for (const release of releasers.toReversed()) await release();
  }
}

/** What a bot could not do in time, and why. */
async function each(
  bots: readonly Bot[],
  work: (bot: Bot, i: number) => Promise<void>,
  what: string,
): Promise<readonly string[]> {
  const results = await Promise.all(
    bots.map(async (bot, i) => {
      const timer = new AbortController();
      const late = sleep(SETTLE_MS, `${bot.name} ${what} in ${SETTLE_MS / 1_000} s`, timer).catch(() => undefined);
      const done = await Promise.race([
        work(bot, i).then(
          () => undefined,
          (error: unknown) => `${bot.name} failed: ${error instanceof Error ? error.stack : String(error)}`,
        ),
        late,
      ]);
      timer.abort();
      return done;
    }),
  );
  return results.filter((one) => one !== undefined);
}

/** Until none is under way, also of those that everybody has left: their deadlines end them. */
async function combatsEnd(pool: pg.Pool): Promise<readonly string[]> {
  const text = `SELECT count(DISTINCT aggregate_id)::int AS begun,
    count(DISTINCT aggregate_id) FILTER (WHERE event_type IN ('CombatTermine', 'CombatAbandonne'))::int AS ended
    FROM evenements WHERE aggregate_type = 'Combat'`;
  for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; await sleep(500)) {
    const { rows } = await pool.query<{ begun: number; ended: number }>(text);
    if (rows[0]?.begun === rows[0]?.ended) return [];
  }
  // Which they are, the checks of the log tell.
  return ["some combats have not ended"];
}
