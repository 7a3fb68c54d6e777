import { randomUUID } from "node:crypto";
import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { signToken } from "../server/auth.ts";
import { DEVELOPMENT_SECRET } from "../server/config.ts";
import { cpuSeconds } from "./cluster/cpu.ts";
import { startOwnCluster } from "./cluster/own-cluster.ts";
import type { Summary } from "./load.ts";
import type { Bench, BenchOptions } from "./report.ts";
import { duel } from "./rooms/duel.ts";
import { type DuelClient, joinDuel } from "./rooms/duel-client.ts";
import { play } from "./rooms.ts";

const COUNTS = [1, 2, 4] as const;
const COMBATS = 128;
const RETRYABLE: readonly string[] = ["BUSY", "UNAVAILABLE"];
const AGAIN_MS = 20;

interface Figures extends Summary {
  /** Cores that each part of the machine's work took on average. */
  readonly cores: {
    readonly nodes: number;
    readonly busiestNode: number;
    readonly postgres: number;
    readonly clients: number;
  };
  /** Rooms that each node had. */
  readonly rooms: readonly number[];
}

/** Accepted actions a second by 1, 2 and 4 node processes on this machine, PostgreSQL, Redis and clients on it as well. */
export const nodes: Bench = {
  name: "nodes",
  async run(options) {
    const figures: Record<string, Figures> = {};
    for (const count of COUNTS) {
      options.progress(`${count} node processes`);
      figures[count] = await measure(count, options);
    }
    const of = (count: number): number => figures[count]?.eventsPerSecond ?? Number.NaN;
    return {
      aims: [],
      figures: { ...figures, twoToOne: of(2) / of(1), fourToOne: of(4) / of(1) },
      tables: [
        {
          title: `Accepted actions (${COMBATS} combats, 2 clients each, as fast as answers come)`,
          columns: ["nodes", "actions/s", "to one", "p50 ms", "p99 ms", "rooms by node"],
          rows: Object.entries(figures).map(([count, one]) => [
            ...[count, one.eventsPerSecond, one.eventsPerSecond / of(1), one.p50, one.p99],
            one.rooms.join(" + "),
          ]),
        },
        {
          title: `Cores in use, of ${os.availableParallelism()}`,
          columns: ["nodes", "all nodes", "the busiest node", "PostgreSQL", "clients", "together"],
          rows: Object.entries(figures).map(([count, { cores }]) => [
            ...[count, cores.nodes, cores.busiestNode, cores.postgres, cores.clients],
            cores.nodes + cores.postgres + cores.clients,
          ]),
        },
      ],
      notes: [
        "a node is one thread of JavaScript: it stops growing alone where the busiest node takes a whole core, and all of them where together they take all cores.",
        "an action is three events in the log: ActionExecutee, DegatsInfliges, TourDebute.",
      ],
    };
  },
};

async function measure(count: number, { long }: BenchOptions): Promise<Figures> {
  const { cluster, store, stop } = await startOwnCluster({ games: count, apis: 1, projectors: 0 });
  try {
    const url = cluster.gameUrl.replace("ws:", "http:");
    const pairs: (readonly [DuelClient, DuelClient])[] = [];
    const ids: string[] = [];
    for (let i = 0; i < COMBATS; i += 1) {
      const players = [randomUUID(), randomUUID()] as const;
      const combatId = await begin(cluster.apiUrl, players);
      ids.push(combatId);
      const join = async (playerId: string) =>
        patient(await joinDuel(url, combatId, playerId, await tokenOf(playerId)));
      pairs.push([await join(players[0]), await join(players[1])]);
    }
    await play(pairs, long ? 5 : 2, 0);
    const parts = cluster.processes.filter(({ role }) => role === "game");
    const postgres = cluster.processes.find(({ role }) => role === "postgres");
    const used = () => Promise.all([postgres, ...parts].map((one) => cpuSeconds(one?.pid() ?? 0)));
    const [before, own, begun] = [await used(), process.cpuUsage(), performance.now()];
    const summary = await play(pairs, long ? 20 : 6, 0);
    const seconds = (performance.now() - begun) / 1_000;
    const [after, { user, system }] = [await used(), process.cpuUsage(own)];
    const [ofPostgres = 0, ...ofNodes] = after.map((one, i) => (one - (before[i] ?? 0)) / seconds);
    const owners = Map.groupBy((await store.heads(ids)).values(), ({ owner }) => owner);
    for (const client of pairs.flat()) client.close();
    return {
      ...summary,
      cores: {
        ...{
          nodes: ofNodes.reduce((sum, one) => sum + one, 0),
          busiestNode: Math.max(...ofNodes),
          postgres: ofPostgres,
        },
        clients: (user + system) / 1_000_000 / seconds,
      },
      rooms: [...owners.values()].map((heads) => heads.length).sort((a, b) => b - a),
    };
  } finally {
    await stop();
  }
}

async function begin(apiUrl: string, players: readonly [string, string]): Promise<string> {
  const token = await signToken(DEVELOPMENT_SECRET, { userId: randomUUID(), role: "service", tenantId: "default" });
  const response = await fetch(`${apiUrl}/combat/start`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": randomUUID() },
    body: JSON.stringify(duel(players)),
  });
  const { combatId, code } = (await response.json()) as { readonly combatId?: string; readonly code?: string };
  if (combatId === undefined) throw new Error(`a combat was refused: ${code}`);
  return combatId;
}

/** As the SDK does: what a busy machine could not decide is asked again under the same id. */
function patient(client: DuelClient): DuelClient {
  return {
    ...client,
    async request(message) {
      for (;;) {
        try {
          return await client.request(message);
        } catch (error) {
          if (!(error instanceof Error && RETRYABLE.includes(error.message))) throw error;
          await sleep(AGAIN_MS);
        }
      }
    },
  };
}

function tokenOf(userId: string): Promise<string> {
  return signToken(DEVELOPMENT_SECRET, { userId, role: "joueur", tenantId: "default" });
}
