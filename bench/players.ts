import type pg from "pg";
import { allEvents } from "../domain/all-events.ts";
import type { PlayerCommand } from "../domain/player/commands.ts";
import { player } from "../domain/player/player.ts";
import type { PlayerState } from "../domain/player/state.ts";
import { type Actors, type ActorsOptions, createActors } from "../rooms/actors.ts";
import { createPool } from "../store/database.ts";
import type { EventStore } from "../store/event-store.ts";
import { migrate } from "../store/migrate.ts";
import { createPostgresStore } from "../store/postgres-store.ts";
import { createRegistry } from "../store/registry.ts";
import { uuidv7 } from "../store/uuid.ts";
import { closedLoop, type Summary, summarise } from "./load.ts";
import { createHeldClock } from "./players/held-clock.ts";
import { writeLives } from "./players/lives.ts";
import { bytesInUse } from "./players/memory.ts";
import { readPlainly } from "./players/plain.ts";
import { atLeast, atMost, type Bench } from "./report.ts";

const LANES = 2;
/** Commands in flight of the rotating load, and what each player is told before the next one's turn comes. */
const CLIENTS = 32;
const COMMANDS_EACH = 5;
const LINGER_MS = 60_000;
/** Players with whom connections, statements and code are warmed up before anything counts. */
const REHEARSAL = 100;
const KIB = 1_024;

type Players = Actors<PlayerState, PlayerCommand>;

/** Players who come and go: how soon they are there, what they weigh, whether they leave, and what rotating costs. */
export const players: Bench = {
  name: "players",
  async run({ databaseUrl, long, progress }) {
    await migrate({ url: databaseUrl });
    const readPool = createPool({ url: databaseUrl, poolSize: 8 });
    const writePool = createPool({ url: databaseUrl, poolSize: LANES + 1 });
    const store = createPostgresStore({ writePool, readPool }, createRegistry(...allEvents), { lanes: LANES });
    const count = long ? 10_000 : 1_000;
    try {
      progress(`writing ${count} players`);
      const written = performance.now();
      const all = await writeLives(store, count + REHEARSAL, (done) => progress(`${done} written`));
      const ids = all.slice(REHEARSAL);
      const writeSeconds = (performance.now() - written) / 1_000;

      progress("coming into memory");
      await rehearse(store, readPool, all.slice(0, REHEARSAL));
      const coming = await comeAndGo(store, readPool, ids);
      progress("rotating");
      const ms = long ? 15_000 : 4_000;
      const warm = await load(store, ids.slice(0, CLIENTS), ms);
      const rotating = await load(store, ids, ms);

      const { plain, loaded, answered, actorBytes, stateBytes, keptBytes } = coming;
      const row = (name: string, { p50, p95, p99 }: Summary) => [name, p50, p95, p99];
      return {
        aims: [
          atMost("activation / the same rows by plain SQL, p50", loaded.p50 / plain.p50, 4),
          atMost("memory, actor / its bare state", actorBytes / stateBytes, 2),
          atMost("memory that stays when all have left / that they took", keptBytes / actorBytes, 0.1),
          atLeast("commands, rotating / the same few players", rotating.eventsPerSecond / warm.eventsPerSecond, 0.3),
        ],
        figures: { count, writeSeconds, ...coming, warm, rotating },
        tables: [
          {
            title: "From nothing, one at a time, ms",
            columns: ["what", "p50", "p95", "p99"],
            rows: [
              row("snapshot and tail by plain SQL", plain),
              row("actor is there", loaded),
              row("first command is answered", answered),
            ],
          },
          {
            title: `${count} players in memory, kiB each`,
            columns: ["bare state", "actor", "after leaving"],
            rows: [[stateBytes / KIB, actorBytes / KIB, keptBytes / KIB]],
          },
          {
            title: `${CLIENTS} commands in flight`,
            columns: ["players", "commands/s", "p50 ms", "p95 ms", "p99 ms"],
            rows: [
              ["the same few", warm.eventsPerSecond, warm.p50, warm.p95, warm.p99],
              ["all in turn", rotating.eventsPerSecond, rotating.p50, rotating.p95, rotating.p99],
            ],
          },
        ],
        notes: [
          `each player has 60 events in its six streams, and a snapshot of the first 50; writing them took ${writeSeconds.toFixed(0)} s.`,
          `rotating, a player is told ${COMMANDS_EACH} commands and left alone; the first of them brings it into memory.`,
        ],
      };
    } finally {
      await store.close();
    }
  },
};

function open(store: EventStore, options: Partial<ActorsOptions>): Players {
  const telemetry = { refused: () => undefined, fault: (where: string, error: unknown) => console.error(where, error) };
  return createActors(player, store, telemetry, { nodeId: "bench", tenantId: "bench", ...options });
}

async function command(actors: Players, id: string): Promise<void> {
  const body: PlayerCommand = { type: "ModifierOr", delta: 1, raison: "CADEAU", reference: "bench" };
  const answer = await actors.send(id, { commandId: uuidv7(), command: body, userId: id });
  if (!answer.ok) throw new Error(answer.code);
}

async function present(actors: Players, id: string): Promise<void> {
  if ((await actors.get(id)?.ready()) !== true) throw new Error("the player is not there");
}

async function timed(into: number[], work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  into.push(performance.now() - start);
}

function summaryOf(taken: readonly number[]): Summary {
  const latencies = [...taken].sort((a, b) => a - b);
  return summarise({ events: taken.length, seconds: taken.reduce((sum, one) => sum + one, 0) / 1_000, latencies });
}

async function rehearse(store: EventStore, pool: pg.Pool, ids: readonly string[]): Promise<void> {
  const actors = open(store, {});
  for (const id of ids) {
    await readPlainly(pool, id);
    await command(actors, id);
  }
  await actors.close();
}

/** Every player comes into memory, one after the other, and all leave it. Contenders take turns, each with players of its own. */
async function comeAndGo(store: EventStore, pool: pg.Pool, ids: readonly string[]) {
  const third = Math.floor(ids.length / 3);
  const taken = { plain: [] as number[], loaded: [] as number[], answered: [] as number[] };
  const states: PlayerState[] = [];
  const empty = await bytesInUse();
  for (let i = 0; i < third; i += 1) states.push(await readPlainly(pool, ids[i] ?? ""));
  const stateBytes = ((await bytesInUse()) - empty) / states.length;
  states.length = 0;

  const clock = createHeldClock();
  const actors = open(store, { clock, lingerMs: LINGER_MS });
  const before = await bytesInUse();
  for (let i = 0; i < third; i += 1) {
    const [one = "", other = "", last = ""] = [ids[i], ids[i + third], ids[i + 2 * third]];
    await timed(taken.plain, () => readPlainly(pool, one));
    await timed(taken.loaded, () => present(actors, other));
    await timed(taken.answered, () => command(actors, last));
    await present(actors, one);
  }
  const came = actors.size;
  const actorBytes = ((await bytesInUse()) - before) / came;
  clock.jump(LINGER_MS + 1);
  const gone = performance.now();
  while (actors.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const leaveMs = performance.now() - gone;
  // Whoever leaves hands in a snapshot: it is held until it is written.
  await actors.close();
  const keptBytes = Math.max(0, (await bytesInUse()) - before) / came;
  const { plain, loaded, answered } = taken;
  return {
    ...{ plain: summaryOf(plain), loaded: summaryOf(loaded), answered: summaryOf(answered) },
    ...{ stateBytes, actorBytes, keptBytes, leaveMs },
  };
}

/** Each client tells one player a few things, then the next one in turn; whoever is left alone leaves memory soon. */
async function load(store: EventStore, ids: readonly string[], ms: number): Promise<Summary> {
  const actors = open(store, { lingerMs: 100 });
  let turn = 0;
  const clients = Array.from({ length: CLIENTS }, () => ({ id: "", left: 0 }));
  try {
    const slice = await closedLoop(clients, ms, async (client) => {
      if (client.left === 0) {
        client.id = ids[turn % ids.length] ?? "";
        client.left = COMMANDS_EACH;
        turn += 1;
      }
      client.left -= 1;
      await command(actors, client.id);
    });
    return summarise(slice);
  } finally {
    await actors.close();
  }
}
