import type pg from "pg";

/** A node that has not been heard of for so long is dead, by the database's clock. */
const DEAD_AFTER = "5 seconds";

/** The table of nodes. A node says that it lives; others ask where it is. */
export interface Nodes {
  /** To be called about once a second. */
  beat(nodeId: string, url: string): Promise<void>;
  leave(nodeId: string): Promise<void>;
  /** Its address, if it lives. */
  urlOf(nodeId: string): Promise<string | undefined>;
  /** Order books and worlds that no live node has activated, at most so many. */
  forsaken(limit: number): Promise<readonly { readonly id: string; readonly type: "Economy" | "WorldState" }[]>;
}

export function createNodes(pool: Pick<pg.Pool, "query">): Nodes {
  return {
    async beat(nodeId, url) {
      await pool.query({
        name: "node_beat",
        text: `WITH dead AS (DELETE FROM nodes WHERE heartbeat_at < now() - interval '1 hour')
               INSERT INTO nodes (node_id, url) VALUES ($1, $2)
               ON CONFLICT (node_id) DO UPDATE SET heartbeat_at = now(), url = excluded.url`,
        values: [nodeId, url],
      });
    },
    async leave(nodeId) {
      await pool.query("DELETE FROM nodes WHERE node_id = $1", [nodeId]);
    },
    async urlOf(nodeId) {
      const { rows } = await pool.query<{ url: string }>({
        name: "node_url",
        text: `SELECT url FROM nodes WHERE node_id = $1 AND heartbeat_at > now() - interval '${DEAD_AFTER}'`,
        values: [nodeId],
      });
      return rows[0]?.url;
    },
    async forsaken(limit) {
      const { rows } = await pool.query<{ id: string; type: "Economy" | "WorldState" }>({
        name: "nodes_forsaken",
        text: `SELECT h.aggregate_id AS id, h.aggregate_type AS type FROM stream_heads h
               WHERE h.aggregate_type IN ('Economy', 'WorldState') AND h.version > 0 AND NOT EXISTS (
                 SELECT FROM nodes n WHERE n.node_id = h.owner_node AND n.heartbeat_at > now() - interval '${DEAD_AFTER}')
               LIMIT $1`,
        values: [limit],
      });
      return rows;
    },
  };
}
