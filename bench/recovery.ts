import { setTimeout as sleep } from "node:timers/promises";
import { AetherClient, type CombatSession } from "../client/client.ts";
import { signToken } from "../server/auth.ts";
import type { Cluster, ClusterNode } from "../server/cluster/cluster.ts";
import { DEVELOPMENT_SECRET } from "../server/config.ts";
import type { EventStore } from "../store/event-store.ts";
import { startOwnCluster } from "./cluster/own-cluster.ts";
import { atMost, type Bench, type BenchOptions } from "./report.ts";
import { writeCombat } from "./rooms/written-combat.ts";

/** Rooms on the node that is killed, and events of each before. */
const CASES = [
  { rooms: 10, events: 100 },
  { rooms: 10, events: 10_000 },
  { rooms: 100, events: 100 },
  { rooms: 100, events: 1_000 },
] as const;
/** Between an answer and the next command, ms: what is measured is a room that is played, not one that is stormed. */
const PACE_MS = 100;
/** ms for which a room may have no command accepted before the bench gives up. */
const PATIENCE_MS = 60_000;

type Case = (typeof CASES)[number];

interface Figures {
  /** ms from the kill to the first command accepted in any of its rooms, for each kill, in order. */
  readonly first: readonly number[];
  /** ms for each room of each kill, in order. */
  readonly each: readonly number[];
}

interface Room {
  readonly combatId: string;
  readonly sessions: readonly [CombatSession, CombatSession];
  /** The commands accepted since the last kill: when the answer came, and the event's sequence. */
  accepted: { readonly at: number; readonly sequence: number }[];
}

/** kill -9 of the one of two game nodes that runs all rooms, again and again: how long until commands are accepted in them again. */
export const recovery: Bench = {
  name: "recovery",
  async run(options) {
    const figures: Record<string, Figures> = {};
    const cases = options.long ? CASES : CASES.slice(0, 3);
    const kills = options.long ? 13 : 3;
    for (const one of cases) figures[nameOf(one)] = await measure(one, kills, options);
    const each = Object.values(figures).flatMap((of) => of.each);
    return {
      aims: [atMost(`p99 over ${kills * cases.length} kills, each room, ms`, percentile(sorted(each), 99), 2_000)],
      figures,
      tables: [
        {
          title: `From kill -9 to the next accepted command, ms (${kills} kills each)`,
          columns: ["rooms, events of each", "first p50", "max", "each room p50", "p95", "p99", "max"],
          rows: cases.map((one) => {
            const { first = [], each: all = [] } = figures[nameOf(one)] ?? {};
            return [
              nameOf(one),
              ...[50, 100].map((p) => percentile(first, p)),
              ...[50, 95, 99, 100].map((p) => percentile(all, p)),
            ];
          }),
        },
      ],
      notes: [
        "from the signal to the answer that the client has, of a command that was decided after the process was gone; clients send the next one 100 ms after an answer.",
        "a room has a snapshot that is at most 49 events old, as all have that were played by a node.",
      ],
    };
  },
};

function nameOf({ rooms, events }: Case): string {
  return `${rooms} rooms, ${events.toLocaleString("en-US")} events`;
}

async function measure(one: Case, kills: number, { progress }: BenchOptions): Promise<Figures> {
  const { cluster, store, stop } = await startOwnCluster({ games: 2, apis: 0, projectors: 0 });
  let over = false;
  try {
    progress(`${nameOf(one)}: writing and joining`);
    const rooms: Room[] = [];
    for (let i = 0; i < one.rooms; i += 1) rooms.push(await openRoom(cluster, store, one.events));
    const playing = rooms.map((room) => play(room, () => over));
    const games = cluster.processes.filter(({ role }) => role === "game");
    const first: number[] = [];
    const each: number[] = [];
    // The first kill brings all rooms to the other node, and counts for nothing.
    for (let kill = 0; kill <= kills; kill += 1) {
      const victim = games[kill % games.length];
      if (victim === undefined) throw new Error("there is no game node");
      const taken = await killAndWait(victim, rooms, store);
      progress(`${nameOf(one)}: kill ${kill} of ${kills}: ${taken[0]} to ${taken.at(-1)} ms`);
      await victim.start();
      if (kill === 0) continue;
      first.push(taken[0] ?? Number.NaN);
      each.push(...taken);
    }
    over = true;
    await Promise.all(playing);
    await Promise.all(rooms.flatMap(({ sessions }) => sessions.map((session) => session.leave())));
    return { first: sorted(first), each: sorted(each) };
  } finally {
    over = true;
    await stop();
  }
}

async function openRoom({ gameUrl }: Cluster, store: EventStore, events: number): Promise<Room> {
  const { combatId, players } = await writeCombat(store, events, { snapshot: true, whole: true });
  const join = async (userId: string): Promise<CombatSession> => {
    const token = await signToken(DEVELOPMENT_SECRET, { userId, role: "joueur", tenantId: "default" });
    return new AetherClient({ url: gameUrl, token }).joinCombat(combatId);
  };
  return { combatId, sessions: [await join(players[0]), await join(players[1])], accepted: [] };
}

/** Both hit in turn. */
async function play(room: Room, over: () => boolean): Promise<void> {
  for (let turn = 0; !over(); turn += 1) {
    const session = room.sessions[turn % 2 === 0 ? 0 : 1];
    const foe = Object.values(session.state.participants).find(
      ({ participantId }) => participantId !== session.state.participantActifId,
    );
    const cibles = [foe?.participantId ?? ""];
    const answer = await session.command({ type: "ExecuterAction", typeAction: "ATTAQUE", cibles });
    if (answer.ok) room.accepted.push({ at: performance.timeOrigin + performance.now(), sequence: answer.sequence });
    await sleep(PACE_MS);
  }
}

/** ms for each room, in order. */
async function killAndWait(victim: ClusterNode, rooms: readonly Room[], store: EventStore): Promise<readonly number[]> {
  for (const room of rooms) room.accepted = [];
  await reached(() => rooms.every(({ accepted }) => accepted.length > 0));
  for (const room of rooms) room.accepted = [];
  const at = performance.timeOrigin + performance.now();
  await victim.kill("SIGKILL");
  const goneAt = performance.timeOrigin + performance.now();
  const taken = new Map<Room, number>();
  const waiting = async (): Promise<boolean> => {
    for (const room of rooms) {
      if (taken.has(room)) continue;
      for (const { at: answeredAt, sequence } of room.accepted) {
        const [event] = await store.readSequences([sequence]);
        if (event === undefined || Date.parse(event.timestamp) <= goneAt) continue;
        taken.set(room, answeredAt - at);
        break;
      }
    }
    return taken.size === rooms.length;
  };
  await reached(waiting);
  return sorted([...taken.values()].map(Math.round));
}

async function reached(done: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; !(await done()); await sleep(50))
    if (Date.now() > deadline) throw new Error("some rooms take no commands any more");
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

/** By the nearest rank. */
function percentile(values: readonly number[], p: number): number {
  return values[Math.max(0, Math.ceil((p / 100) * values.length) - 1)] ?? Number.NaN;
}
