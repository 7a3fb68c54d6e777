import type pg from "pg";
import { player } from "../../domain/player/player.ts";
import type { PlayerState } from "../../domain/player/state.ts";
import { streamsOf } from "../../rooms/streams.ts";

/** The limit of what an activation can be: the newest snapshot, then the events after it, by plain SQL, and nothing done with them. */
export async function readPlainly(pool: pg.Pool, id: string): Promise<PlayerState> {
  const { rows } = await pool.query<{ state: PlayerState }>({
    name: "bench_snapshot",
    text: "SELECT state, recent_commands FROM snapshots WHERE aggregate_id = $1 ORDER BY aggregate_version DESC LIMIT 1",
    values: [id],
  });
  const state = rows[0]?.state;
  if (state === undefined) throw new Error("no snapshot");
  const streams = streamsOf(player, id);
  const tail = await pool.query({
    name: "bench_tail",
    text: `SELECT e.event_type, e.event_sequence, e.aggregate_version, e.payload, e.metadata
           FROM unnest($1::uuid[], $2::int[]) AS s (id, version)
           JOIN evenements e ON e.aggregate_id = s.id AND e.aggregate_version > s.version ORDER BY e.event_sequence`,
    values: [
      streams.map(({ aggregateId }) => aggregateId),
      streams.map(({ aggregateType }) => (state.versions as Readonly<Record<string, number>>)[aggregateType] ?? 0),
    ],
  });
  if (tail.rows.length === 0) throw new Error("no events after the snapshot");
  return state;
}
