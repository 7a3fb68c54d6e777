import type pg from "pg";
import { uuidArray } from "./binary-arrays.ts";

/** The table of nodes, as one of them uses it. A node says that it lives; others ask where it is, and take over what a dead one ran. */
export interface Nodes {
  /** To be called about once a second. */
  beat(of: NodeBeat): Promise<void>;
  leave(): Promise<void>;
  /** Another node, if it lives. */
  find(nodeId: string): Promise<NodeAddress | undefined>;
  /** All that live, the oldest first. */
  list(): Promise<readonly NodeStatus[]>;
  /** The nodes that run the game and take more, the least busy first. */
  hosts(): Promise<readonly (NodeAddress & { readonly nodeId: string })[]>;
  /**
   * Makes this node the owner of aggregates that somebody is to run and no live node does, at most so many. What nobody has
   * ever run is somebody's to activate in a moment: it is taken if `unowned` names it.
   */
  claim(limit: number, unowned: readonly string[]): Promise<readonly Claimed[]>;
  /** What was claimed cannot be run here after all. */
  unclaim(aggregateIds: readonly string[]): Promise<void>;
  /** Aggregates that somebody is to run and nobody ever has, at most so many. */
  unowned(limit: number): Promise<readonly string[]>;
  /** Those of these aggregates that have another owner than this node. */
  lost(aggregateIds: readonly string[]): Promise<readonly string[]>;
}

export interface NodeBeat {
  readonly url: string;
  readonly gameAddress: string | undefined;
  readonly actors: number;
  /** It takes nothing new. */
  readonly draining: boolean;
}

/** Times are ISO 8601. */
export interface NodeStatus {
  readonly nodeId: string;
  readonly url: string;
  readonly gameAddress: string | null;
  readonly startedAt: string;
  readonly actors: number;
  readonly draining: boolean;
}

export interface NodeAddress {
  readonly url: string;
  readonly gameAddress: string | null;
}

export interface Claimed {
  readonly id: string;
  readonly type: string;
}

const ADDRESS = `url, game_address AS "gameAddress"`;
/** By the database's clock, and at once where the session that holds a node's lock has ended. */
const LIVES = "heartbeat_at > now() - make_interval(secs => $1) AND node_holds_lock(node_id)";
const TO_BE_RUN = "NOT h.rests AND h.aggregate_type IN ('Combat', 'Economy', 'WorldState') AND h.version > 0";

/** @param timeoutMs ms after which a node that says nothing is dead */
export function createNodes(
  pool: Pick<pg.Pool, "query">,
  { nodeId, timeoutMs }: { readonly nodeId: string; readonly timeoutMs: number },
): Nodes {
  const deadAfter = timeoutMs / 1_000;

  return {
    async beat({ url, gameAddress, actors, draining }) {
      await pool.query({
        name: "node_beat",
        text: `WITH dead AS (DELETE FROM nodes WHERE heartbeat_at < now() - interval '1 hour')
               INSERT INTO nodes (node_id, url, game_address, actors, draining) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (node_id) DO UPDATE
                 SET heartbeat_at = now(), url = $2, game_address = $3, actors = $4, draining = $5`,
        values: [nodeId, url, gameAddress ?? null, actors, draining],
      });
    },

    async leave() {
      await pool.query("DELETE FROM nodes WHERE node_id = $1", [nodeId]);
    },

    async find(id) {
      const { rows } = await pool.query<NodeAddress>({
        name: "node_find",
        text: `SELECT ${ADDRESS} FROM nodes WHERE node_id = $2 AND ${LIVES}`,
        values: [deadAfter, id],
      });
      return rows[0];
    },

    async list() {
      const { rows } = await pool.query<NodeStatus>({
        name: "node_list",
        text: `SELECT node_id AS "nodeId", ${ADDRESS}, started_at AS "startedAt", actors, draining FROM nodes
               WHERE ${LIVES} ORDER BY started_at, node_id`,
        values: [deadAfter],
      });
      return rows;
    },

    async hosts() {
      const { rows } = await pool.query<NodeAddress & { readonly nodeId: string }>({
        name: "node_hosts",
        text: `SELECT node_id AS "nodeId", ${ADDRESS} FROM nodes
               WHERE game_address IS NOT NULL AND NOT draining AND ${LIVES} ORDER BY actors`,
        values: [deadAfter],
      });
      return rows;
    },

    async claim(limit, unowned) {
      const { rows } = await pool.query<Claimed>({
        name: "node_claim",
        // Nodes that look at the same time take different ones, each some.
        text: `WITH live AS MATERIALIZED (SELECT node_id FROM nodes WHERE ${LIVES}), taken AS (
                 SELECT h.aggregate_id FROM stream_heads h WHERE ${TO_BE_RUN}
                   AND CASE WHEN h.owner_node IS NULL THEN h.aggregate_id = ANY ($4) ELSE h.owner_node NOT IN (SELECT node_id FROM live) END
                 LIMIT $3 FOR UPDATE SKIP LOCKED)
               UPDATE stream_heads h SET owner_node = $2, epoch = h.epoch + 1 FROM taken WHERE h.aggregate_id = taken.aggregate_id
               RETURNING h.aggregate_id AS id, h.aggregate_type AS type`,
        values: [deadAfter, nodeId, limit, uuidArray(unowned)],
      });
      return rows;
    },

    async unclaim(aggregateIds) {
      await pool.query("UPDATE stream_heads SET owner_node = NULL WHERE aggregate_id = ANY ($2) AND owner_node = $1", [
        nodeId,
        uuidArray(aggregateIds),
      ]);
    },

    async unowned(limit) {
      const { rows } = await pool.query<{ id: string }>({
        name: "node_unowned",
        text: `SELECT h.aggregate_id AS id FROM stream_heads h WHERE ${TO_BE_RUN} AND h.owner_node IS NULL LIMIT $1`,
        values: [limit],
      });
      return rows.map(({ id }) => id);
    },

    async lost(aggregateIds) {
      if (aggregateIds.length === 0) return [];
      const { rows } = await pool.query<{ id: string }>({
        name: "node_lost",
        text: "SELECT aggregate_id AS id FROM stream_heads WHERE aggregate_id = ANY ($2) AND owner_node IS DISTINCT FROM $1",
        values: [nodeId, uuidArray(aggregateIds)],
      });
      return rows.map(({ id }) => id);
    },
  };
}
