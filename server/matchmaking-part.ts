import type pg from "pg";
import { createPool } from "../store/database.ts";
import type { Game } from "./game.ts";
import { createMatchmaking, type Matchmaking } from "./matchmaking.ts";
import type { NodeBase } from "./node-base.ts";
import type { Releasers } from "./releasers.ts";

/** Connections for queues and matches: of a pass, and of those who come, go and answer meanwhile. */
const POOL = 4;

/** Queues and matches: a projector matches, any other node takes tickets and answers. */
export function openMatchmakingPart(
  { config, nodeId, database, store, metrics, telemetry }: NodeBase,
  game: Game,
  releasers: Releasers,
): Matchmaking & { readonly pool: pg.Pool } {
  const pool = createPool({ ...database, poolSize: POOL });
  releasers.add("connections for matchmaking", () => pool.end());
  const matchmaking = createMatchmaking({
    ...{ nodeId, pool, game, store, metrics, telemetry },
    rules: config.matchmakingModes,
    matches: config.roles.has("projector"),
  });
  releasers.add("matchmaking that has begun", () => matchmaking.close());
  return { ...matchmaking, pool };
}
