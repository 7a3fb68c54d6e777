import { tickets as arrivalsOf } from "./matchmaking/arrivals.ts";
import { ours } from "./matchmaking/ours.ts";
import { type Outcome, type Played, summariseMatches } from "./matchmaking/outcome.ts";
import { queueRoom } from "./matchmaking/queue-room.ts";
import { atLeast, atMost, type Bench } from "./report.ts";

const PLAYERS = 10_000;

/** Ten thousand players who come in one stream, from tickets to matches: ours, durable, and a QueueRoom in memory. */
export const matchmakingBench: Bench = {
  name: "matchmaking",
  async run({ databaseUrl, long, progress }) {
    const seconds = long ? 240 : 100;
    const arrivals = arrivalsOf(PLAYERS, seconds * 1_000);
    const contenders: readonly (readonly [string, () => Promise<Played>])[] = [
      ["QueueRoom, as it comes", () => queueRoom(arrivals, "as it comes")],
      ["QueueRoom, our window", () => queueRoom(arrivals, "our window")],
      ["Aether, durable", () => ours(arrivals, databaseUrl, progress)],
    ];
    const figures: Record<string, Outcome> = {};
    for (const [name, play] of contenders) {
      progress(name);
      figures[name] = summariseMatches(arrivals, await play());
    }
    const [mine, fair] = [figures["Aether, durable"], figures["QueueRoom, our window"]];
    return {
      aims: [
        atLeast("players matched, of 10,000", mine?.matched ?? 0, 9_900),
        atMost(
          "rating difference P95, ours / QueueRoom with our window",
          (mine?.spreadP95 ?? 0) / (fair?.spreadP95 ?? 1),
          1,
        ),
        atMost("waiting P50, ours / QueueRoom with our window", (mine?.waitP50 ?? 0) / (fair?.waitP50 ?? 1), 1),
      ],
      figures: { ...figures, players: PLAYERS, seconds },
      tables: [
        {
          title: `${PLAYERS} players within ${seconds} s, 1V1 (matches/s: from the first arrival to the last match)`,
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
      ],
    };
  },
};
