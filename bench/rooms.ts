import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { v7 as uuidv7 } from "uuid";
import { migrate } from "../store/migrate.ts";
import { type Summary, summarise } from "./load.ts";
import { atLeast, atMost, type Bench, type BenchOptions } from "./report.ts";
import { type DuelClient, joinDuel, localGame } from "./rooms/duel-client.ts";
import type { Ready } from "./rooms/room-server.ts";

const KINDS = ["plain", "memory", "durable"] as const;
const TRANSPORTS = ["uws", "ws"] as const;
const COMBATS = 128;

type Kind = (typeof KINDS)[number];

interface Figures {
  /** As fast as answers come. */
  readonly saturated: Summary;
  /** At a third of that. */
  readonly third: Summary;
}

/** Accepted actions a second and the time to their answer; the pairs of duellists are played from this process. */
export const rooms: Bench = {
  name: "rooms",
  async run(options) {
    await migrate({ url: options.databaseUrl });
    const figures: Record<string, Figures> = {};
    for (const transport of TRANSPORTS) {
      for (const kind of KINDS) {
        options.progress(`${kind} on ${transport}`);
        figures[`${kind}/${transport}`] = await measure(kind, transport, options);
      }
    }
    const of = (kind: Kind, transport: string): Figures => figures[`${kind}/${transport}`] as Figures;
    return {
      aims: TRANSPORTS.flatMap((transport) => [
        atLeast(
          `${transport}: durable / plain room, at saturation`,
          of("durable", transport).saturated.eventsPerSecond / of("plain", transport).saturated.eventsPerSecond,
          0.5,
        ),
        atMost(
          `${transport}: p99 at a third of saturation, ms over the plain room's`,
          of("durable", transport).third.p99 - of("plain", transport).third.p99,
          10,
        ),
      ]),
      figures,
      tables: [
        {
          title: `Accepted actions (${COMBATS} combats, 2 clients each; server, PostgreSQL and clients share the cores)`,
          columns: ["room", "actions/s", "p50 ms", "p99 ms", "at a third: /s", "p50 ms", "p99 ms"],
          rows: Object.entries(figures).map(([name, { saturated, third }]) => [
            name,
            ...[saturated, third].flatMap((summary) => [summary.eventsPerSecond, summary.p50, summary.p99]),
          ]),
        },
      ],
      notes: [
        "plain: a Colyseus room with the same state, changed in place and broadcast at once; memory: our room on a store that answers at once.",
        "an action is three events in the log: ActionExecutee, DegatsInfliges, TourDebute.",
      ],
    };
  },
};

async function measure(kind: Kind, transport: string, { databaseUrl, long }: BenchOptions): Promise<Figures> {
  const server = await startRoomServer([kind, transport, `${COMBATS}`, databaseUrl]);
  try {
    const pairs: (readonly [DuelClient, DuelClient])[] = [];
    for (const { combatId, players } of server.ready.duels) {
      pairs.push([
        await joinDuel(localGame(server.ready.port), combatId, players[0], players[0]),
        await joinDuel(localGame(server.ready.port), combatId, players[1], players[1]),
      ]);
    }
    const seconds = long ? 15 : 2.2;
    await play(pairs, long ? 5 : 1.2, 0);
    const saturated = await play(pairs, seconds, 0);
    const third = await play(pairs, seconds, (COMBATS * 2 * 3_000) / saturated.eventsPerSecond);
    for (const client of pairs.flat()) client.close();
    return { saturated, third };
  } finally {
    await server.stop();
  }
}

/** Every pair hits in turn: at once, or both once in each `periodMs`. */
export async function play(
  pairs: readonly (readonly [DuelClient, DuelClient])[],
  seconds: number,
  periodMs: number,
): Promise<Summary> {
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1_000;
  await Promise.all(
    pairs.map(async (pair, index) => {
      // Spread over the period, or all would hit in the same millisecond.
      for (let due = performance.now() + (periodMs * index) / pairs.length; performance.now() < end; due += periodMs) {
        for (const [i, client] of pair.entries()) {
          const at = due + (i * periodMs) / 2;
          if (periodMs > 0 && at > performance.now())
            await new Promise((resolve) => setTimeout(resolve, at - performance.now()));
          const target = pair[1 - i] as DuelClient;
          const start = performance.now();
          await client.request({
            type: "ExecuterAction",
            typeAction: "ATTAQUE",
            cibles: [target.playerId],
            commandId: uuidv7(),
          });
          latencies.push(performance.now() - start);
        }
      }
    }),
  );
  return summarise({ events: latencies.length, seconds, latencies: latencies.sort((a, b) => a - b) });
}

export async function startRoomServer(
  args: readonly string[],
): Promise<{ ready: Ready; pid: number; stop(): Promise<void> }> {
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL("./rooms/room-server.ts", import.meta.url)), ...args],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = await new Promise<Ready>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(JSON.parse(text) as Ready);
    });
    void ended.then(() => reject(new Error("the room server ended early")));
  });
  return {
    ready,
    pid: child.pid ?? 0,
    async stop() {
      child.stdin?.end();
      await ended;
    },
  };
}
