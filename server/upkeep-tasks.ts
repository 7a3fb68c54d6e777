import type pg from "pg";
import { refreshView, VIEWS } from "../projections/views.ts";
import { runUpkeep } from "../store/upkeep.ts";
import type { Task } from "./schedule.ts";

const HOUR_MS = 60 * 60 * 1_000;

/** What the tables need from time to time. */
export function upkeepTasks(pool: pg.Pool): readonly Task[] {
  return [
    {
      name: "partitions",
      everyMs: HOUR_MS,
      async run() {
        await runUpkeep(pool);
        return "partitions made ahead, old outcomes removed";
      },
    },
    ...VIEWS.map(
      (view): Task => ({
        name: view,
        everyMs: HOUR_MS,
        run: async () => ((await refreshView(pool, view)) ? "made anew" : "another session was at it"),
      }),
    ),
  ];
}
