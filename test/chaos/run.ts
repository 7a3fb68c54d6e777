import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { allEvents } from "../../domain/all-events.ts";
import { type Cluster, startCluster } from "../../server/cluster/cluster.ts";
import { createPool } from "../../store/database.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { type BadNetwork, openBadNetwork } from "../support/bad-network.ts";
import { wholeLog } from "../support/play-game.ts";
import { openSealedStore } from "../support/sealed-store.ts";
import { assembleCrew, type Crew, type CrewOptions } from "./bots/crew.ts";
import { GOODS } from "./bots/trader.ts";
import { checkAll } from "./check/all.ts";
import { createFaults, type Injected } from "./faults.ts";
import { readJournal } from "./journal.ts";
import { watchNodeIds } from "./node-ids.ts";
import { allOf, combatsEnd, comeToRest } from "./peace.ts";
import { describeFault, type Fault, planFaults } from "./plan.ts";
import { checkReadModels } from "./read-models.ts";
import { type Recovery, recoveries } from "./recovery.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** ms between two faults, on average; default 4,000. */
  readonly everyMs?: number;
  /** Data, logs and journals; a folder that PostgreSQL's user may enter. */
  readonly folder: string;
  /** Nodes that run games; default 2. */
  readonly games?: number;
  readonly crew?: CrewOptions["size"];
  readonly say: (line: string) => void;
  /** Ends everything, without a verdict. */
  readonly signal?: AbortSignal | undefined;
}

export interface ChaosReport {
  readonly injected: readonly Injected[];
  readonly outcomes: ReadonlyMap<string, number>;
  readonly events: number;
  readonly combats: number;
  /** States that clients saw, each held against the log. */
  readonly states: number;
  readonly recoveries: readonly Recovery[];
  /** What does not hold. */
  readonly problems: readonly string[];
}

const EVERY_MS = 4_000;
const CREW = { duellists: 4, adventurers: 4, traders: 4 };
/** Bots command as fast as they like. */
const ENV = {
  COMMANDS_PER_SECOND: "100000",
  FRAMES_PER_SECOND: "100000",
  CONNECTIONS_PER_ADDRESS: "100000",
  DEMO_WORLD: "true",
};
/** Before the first fault and after the last, and for what was written to be shown, ms. */
const CALM_MS = 2_000;
/** An aggregate knows its newest 256 commands: in so many ms, no bots send it as many. */
const REMEMBERED_MS = 15_000;
const PROGRESS_MS = 10_000;

/** A cluster, bots on it, faults; then peace, and the proof. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, durationMs, everyMs = EVERY_MS, folder, games = 2, crew: size = CREW, say, signal } = options;
  const releasers: (() => Promise<unknown>)[] = [];
  try {
    const nodeIds = watchNodeIds();
    const networks: BadNetwork[] = [];
    releasers.push(() => Promise.all(networks.map((network) => network.close())));
    /** Clients meet whatever it is over a network that can fail. */
    async function publicUrl(gameUrl: string): Promise<string> {
      const network = await openBadNetwork(gameUrl);
      networks.push(network);
      return network.url;
    }
    const cluster = await startCluster({
      ...{ folder: join(folder, "cluster"), games, env: ENV, onLog: nodeIds.read },
      publicAddress: async (port) => new URL(await publicUrl(`ws://127.0.0.1:${port}`)).host,
    });
    releasers.push(() => cluster.stop());
    signal?.throwIfAborted();
    const plan = planFaults({ seed, durationMs, everyMs, processes: cluster.processes });
    say(`seed ${seed}: ${plan.length} faults in ${durationMs / 1_000} s`);
    for (const fault of plan) say(describeFault(fault));

    const journals = join(folder, "journals");
    await mkdir(journals, { recursive: true });
    let over = false;
    const urls = { gameUrl: await publicUrl(cluster.gameUrl), apiUrl: cluster.apiUrl };
    const crew = assembleCrew({ ...urls, seed, folder: journals, size, over: () => over });
    const faults = createFaults({ cluster, networks, nodeIdOf: nodeIds.of });
    const playing = crew.bots.map((bot) => bot.play());
    const begun = Date.now();
    const progress = setInterval(() => {
      const seconds = Math.round((Date.now() - begun) / 1_000);
      const accepted = crew.outcomes.get("accepted") ?? 0;
      say(`${seconds} s: ${faults.injected.length} of ${plan.length} faults, ${accepted} commands accepted`);
    }, PROGRESS_MS);
    releasers.push(async () => clearInterval(progress));
    // A bot that fails ends the run: no fault is a reason for that.
    await Promise.race([suffer(plan, faults.inject, signal), Promise.all(playing).then(() => undefined)]);
    await faults.heal();
    say("nothing is wrong any more: everything comes to its end");
    await sleep(CALM_MS, undefined, { signal });
    over = true;
    const overAt = Date.now();

    const store = openLog(cluster.databaseUrl);
    releasers.push(() => store.events.close());
    releasers.push(() => store.pool.end());
    const problems: string[] = [];
    const restAt = await bringToRest({ crew, playing, overAt, cluster, store, problems });
    signal?.throwIfAborted();
    await crew.close();
    say("reading the log");
    const log = await wholeLog(store.events);
    const read = crew.files.map((file) => () => readJournal(file));
    const checked = await checkAll({ log, restAt, goods: GOODS, journals: read });
    say("making the read models anew");
    problems.push(...checked.problems, ...(await readModelsAreRight(cluster, store)));
    return {
      ...{ injected: faults.injected, outcomes: crew.outcomes, events: log.length, problems },
      ...{ combats: checked.combats, states: checked.states },
      recoveries: recoveries(faults.injected, checked.commands, checked.log),
    };
  } finally {
    for (const release of releasers.toReversed()) await release();
  }
}

/** Resolves when all has happened and is over. */
async function suffer(
  plan: readonly Fault[],
  inject: (fault: Fault) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await sleep(CALM_MS, undefined, { signal });
  const begun = Date.now();
  // One that cannot be done ends the run, whatever the others are at.
  const broken = Promise.withResolvers<never>();
  const injecting: Promise<void>[] = [];
  for (const fault of plan) {
    await Promise.race([sleep(Math.max(0, begun + fault.at - Date.now()), undefined, { signal }), broken.promise]);
    const injected = inject(fault);
    injected.catch(broken.reject);
    injecting.push(injected);
  }
  await Promise.race([Promise.all(injecting), broken.promise]);
}

interface OpenLog {
  readonly events: EventStore;
  readonly pool: pg.Pool;
}

function openLog(url: string): OpenLog {
  const pool = createPool({ url, poolSize: 4 });
  return { pool, events: openSealedStore({ url }, createRegistry(...allEvents)) };
}

async function lastSequence({ events }: OpenLog): Promise<number> {
  return events.lastSequence(await events.highWaterMark());
}

/** The world goes on, hour by hour: what was found while it wrote to the log says nothing, and is looked for once more. */
async function readModelsAreRight(cluster: Cluster, store: OpenLog): Promise<readonly string[]> {
  for (;;) {
    const unrest = await comeToRest(cluster.apiUrl, () => lastSequence(store));
    const before = await lastSequence(store);
    const problems = await checkReadModels(cluster.databaseUrl, store.pool, store.events);
    if (problems.length === 0 || (await lastSequence(store)) === before) return [...unrest, ...problems];
  }
}

interface Unrest {
  readonly crew: Crew;
  readonly playing: readonly Promise<void>[];
  /** When bots were told to come to an end, ms since 1970. */
  readonly overAt: number;
  readonly cluster: Cluster;
  readonly store: OpenLog;
  /** Told what could not be done. */
  readonly problems: string[];
}

/** Bots finish what they have begun, ask once more, look a last time and leave. Returns the log's last sequence at that look. */
async function bringToRest({ crew, playing, overAt, cluster, store, problems }: Unrest): Promise<number> {
  const { bots } = crew;
  const rest = () => comeToRest(cluster.apiUrl, () => lastSequence(store));
  problems.push(...(await allOf(bots, (_, i) => playing[i], "has not come to an end")));
  problems.push(...(await combatsEnd(store.pool)));
  problems.push(...(await rest()));
  problems.push(
    ...(await allOf(bots, (bot) => bot.askAgain(overAt - REMEMBERED_MS), "had no answer when it asked again")),
  );
  problems.push(...(await rest()));
  await sleep(CALM_MS);
  const restAt = await lastSequence(store);
  problems.push(...(await allOf(bots, (bot) => bot.leave(), "could not leave")));
  problems.push(...(await rest()));
  return restAt;
}
