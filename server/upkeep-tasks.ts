import type pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { type ArchiveRun, combatArchive, runArchive, tradeArchive } from "../projections/archive.ts";
import {
  type DuePage,
  FIRST_ID,
  itemsWithDueOrders,
  itemsWithOldPrices,
  playersWithDueQuests,
} from "../projections/due.ts";
import { archivePlayers } from "../projections/player-archive.ts";
import { refreshView, VIEWS } from "../projections/views.ts";
import type { Commands } from "../rooms/commands.ts";
import { archiveEvents } from "../store/event-archive.ts";
import { removeOldMatchmaking } from "../store/matchmaking-upkeep.ts";
import { ensurePartitions } from "../store/migrate.ts";
import { removeOldTokens } from "../store/refresh-tokens.ts";
import { removeOldSessions } from "../store/sessions.ts";
import { pruneSnapshots, removeOldOutcomes } from "../store/upkeep.ts";
import type { Config } from "./config.ts";
import type { Erasures } from "./erasures.ts";
import type { GameCommands } from "./game.ts";
import type { Task, TaskWork } from "./schedule.ts";
import { sweep } from "./sweep.ts";

export interface UpkeepServices {
  /** Its statements have the time that work in batches takes. */
  readonly pool: pg.Pool;
  readonly commands: Pick<Commands<GameCommands>, "send" | "together" | "party">;
  readonly erasures: Pick<Erasures, "goOn">;
  readonly config: Pick<Config, "viewsEverySeconds" | "archiveAfterDays">;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ERASURES_MS = 2_000;

/** All that is done from time to time. What is due in an aggregate is the aggregate's to do: it is sent the command. */
export function upkeepTasks({ pool, commands, erasures, config }: UpkeepServices): readonly Task[] {
  const { viewsEverySeconds, archiveAfterDays } = config;

  const swept = (due: DuePage, send: (id: string) => ReturnType<UpkeepServices["commands"]["send"]>) => {
    const page = (after: string, limit: number) => due(pool, after, limit);
    return (work: TaskWork) => sweep({ page, first: FIRST_ID, send }, work);
  };
  const archived =
    (olderThanDays: number, run: (run: ArchiveRun) => Promise<void>) =>
    ({ signal, progress }: TaskWork) =>
      run({ olderThanDays, signal, onBatch: progress });
  // Whoever asks again is to be heard: a refusal only says that it was done already.
  const envelope = () => ({ commandId: uuidv7(), forgetRefusal: true });

  return [
    {
      name: "market-orders",
      everyMs: MINUTE_MS,
      timeoutMs: 10 * MINUTE_MS,
      run: swept(itemsWithDueOrders, (itemId) =>
        commands.send("Economy", itemId, { ...envelope(), command: { type: "ExpirerOrdres" } }),
      ),
    },
    {
      name: "market-prices",
      everyMs: HOUR_MS,
      timeoutMs: 30 * MINUTE_MS,
      run: swept(itemsWithOldPrices, (itemId) =>
        commands.send("Economy", itemId, { ...envelope(), command: { type: "ActualiserPrix" } }),
      ),
    },
    {
      name: "quests",
      everyMs: MINUTE_MS,
      timeoutMs: 10 * MINUTE_MS,
      // Where the player is at rest it stays so.
      run: swept(playersWithDueQuests, (joueurId) =>
        commands.together(
          [commands.party("Joueur", joueurId, () => ({ type: "ExpirerQuetes" }), { begin: false })],
          envelope(),
        ),
      ),
    },
    ...VIEWS.map((view) => ({
      name: view,
      everyMs: viewsEverySeconds * 1_000,
      timeoutMs: 2 * MINUTE_MS,
      run: async () => void (await refreshView(pool, view)),
    })),
    {
      name: "archive-combats",
      everyMs: HOUR_MS,
      timeoutMs: HOUR_MS,
      run: archived(archiveAfterDays.combats, (run) => runArchive(pool, combatArchive, run)),
    },
    {
      name: "archive-trades",
      everyMs: HOUR_MS,
      timeoutMs: HOUR_MS,
      run: archived(archiveAfterDays.trades, (run) => runArchive(pool, tradeArchive, run)),
    },
    {
      name: "archive-players",
      everyMs: 24 * HOUR_MS,
      timeoutMs: HOUR_MS,
      run: archived(archiveAfterDays.players, (run) => archivePlayers(pool, run)),
    },
    {
      name: "archive-events",
      everyMs: 24 * HOUR_MS,
      timeoutMs: HOUR_MS,
      run: async ({ signal, progress }) =>
        void (await archiveEvents(pool, { olderThanDays: archiveAfterDays.events, signal, onBatch: progress })),
    },
    { name: "erasures", everyMs: ERASURES_MS, timeoutMs: 10 * MINUTE_MS, run: (work) => erasures.goOn(work) },
    { name: "partitions", everyMs: HOUR_MS, timeoutMs: MINUTE_MS, run: () => ensurePartitions(pool) },
    {
      name: "command-outcomes",
      everyMs: 10 * MINUTE_MS,
      timeoutMs: 10 * MINUTE_MS,
      run: ({ signal, progress }) => removeOldOutcomes(pool, { signal, onBatch: progress }),
    },
    {
      name: "sessions",
      everyMs: HOUR_MS,
      timeoutMs: 10 * MINUTE_MS,
      run: ({ signal, progress }) => removeOldSessions(pool, { signal, onBatch: progress }),
    },
    {
      name: "refresh-tokens",
      everyMs: HOUR_MS,
      timeoutMs: 10 * MINUTE_MS,
      run: ({ signal, progress }) => removeOldTokens(pool, { signal, onBatch: progress }),
    },
    {
      name: "matchmaking",
      everyMs: HOUR_MS,
      timeoutMs: HOUR_MS,
      run: ({ signal, progress }) => removeOldMatchmaking(pool, { signal, onBatch: progress }),
    },
    {
      name: "snapshots",
      everyMs: 24 * HOUR_MS,
      timeoutMs: HOUR_MS,
      run: ({ signal, progress }) => pruneSnapshots(pool, { signal, onBatch: progress }),
    },
  ];
}
