import { tickets as arrivalsOf } from "./matchmaking/arrivals.ts";
import { ours } from "./matchmaking/ours.ts";
import { type Outcome, type Played, summariseMatches } from "./matchmaking/outcome.ts";
import { queueRoom } from "./matchmaking/queue-room.ts";
import { atLeast, atMost, type Bench } from "./report.ts";

const PLAYERS_A_SECOND = 100;

/** Players who come in one stream, with `--long` 10,000, from tickets to matches: ours, durable, and a QueueRoom in memory. */
export const matchmakingBench: Bench = {
  name: "matchmaking",
  async run({ databaseUrl, long, progress }) {
    const seconds = long ? 100 : 15;
    const players = PLAYERS_A_SECOND * seconds;
    const arrivals = arrivalsOf(players, seconds * 1_000);
    let again: ReadonlyMap<string, number> = new Map();
    const contenders: readonly (readonly [string, () => Promise<Played>])[] = [
      ["QueueRoom, as it comes", () => queueRoom(arrivals, "as it comes")],
      ["QueueRoom, our window", () => queueRoom(arrivals, "our window")],
      [
        "Aether, durable",
        async () => {
          const played = await ours(arrivals, databaseUrl, progress);
          again = played.again;
          return played;
        },
      ],
    ];
    const figures: Record<string, Outcome> = {};
    for (const [name, play] of contenders) {
      progress(name);
      figures[name] = summariseMatches(arrivals, await play());
    }
    const [mine, fair] = [figures["Aether, durable"], figures["QueueRoom, our window"]];
    return {
      aims: [
        atLeast("players matched, of all", (mine?.matched ?? 0) / players, 0.99),
        atMost(
          "rating difference P95, ours / QueueRoom with our window",
          (mine?.spreadP95 ?? 0) / (fair?.spreadP95 ?? 1),
          1,
        ),
        atMost("waiting P50, ours / QueueRoom with our window", (mine?.waitP50 ?? 0) / (fair?.waitP50 ?? 1), 1),
      ],
      figures: { ...figures, players, seconds, askedAgain: Object.fromEntries(again) },
      tables: [
        {
          title: `${players} players within ${seconds} s, 1V1 (matches/s: from the first arrival until 95 % of its matches)`,
          columns: ["", "matched", "matches/s", "wait P50 ms", "wait P95 ms", "difference P50", "P95", "mean"],
          rows: Object.entries(figures).map(([name, one]) => [
            ...[name, one.matched, one.matchesPerSecond, one.waitP50, one.waitP95],
            ...[one.spreadP50, one.spreadP95, one.spreadMean],
          ]),
        },
      ],
      notes: [
        "the same arrivals for all: ratings normal around 1,500, deviation 350; a wait ends where the combat is there (ours: durable, with its players in it; QueueRoom: the room is made and its seats are reserved).",
        "QueueRoom is given clients without sockets, cycles each second as by default; 'our window': compare() with 50 points and 10 for each cycle, nobody forced in.",
        "when the last player has come, both have 30 s more.",
        `tickets that were asked for again, since the database did not answer in time: ${[...again.values()].reduce((sum, times) => sum + times, 0)}`,
      ],
    };
  },
};
