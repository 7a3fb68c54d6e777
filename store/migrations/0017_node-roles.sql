-- Up Migration

-- Where clients reach its game port; null where it does not run the game.
ALTER TABLE nodes ADD COLUMN game_address text,
  -- How busy it is: aggregates in memory.
  ADD COLUMN actors integer NOT NULL DEFAULT 0;

-- Nothing is due in it: its owner let it go, and nobody need run it until it is commanded.
ALTER TABLE stream_heads ADD COLUMN rests boolean NOT NULL DEFAULT false;
GRANT UPDATE (rests) ON stream_heads TO aether_app;
UPDATE stream_heads h SET rests = true WHERE aggregate_type = 'Combat' AND EXISTS (
  SELECT FROM evenements e WHERE e.aggregate_id = h.aggregate_id AND e.event_type IN ('CombatTermine', 'CombatAbandonne'));

-- What some node is to run at all times, while it does not rest. Of columns that an append does not change, so that it stays a
-- change within the row's page.
DROP INDEX idx_stream_heads_always;
CREATE INDEX idx_stream_heads_awake ON stream_heads (aggregate_type)
  WHERE NOT rests AND aggregate_type IN ('Combat', 'Economy', 'WorldState');

-- Whether a node's session holds its lock: it is dropped with the session. The lock that asking takes, if it is free, ends with
-- the statement. When the server has only just started, nodes that live have yet to come back.
CREATE FUNCTION node_holds_lock(p_node text) RETURNS boolean LANGUAGE sql VOLATILE SET search_path FROM CURRENT AS $$
  SELECT NOT pg_try_advisory_xact_lock_shared(hashtext('aether.node'), hashtext(p_node))
    OR pg_postmaster_start_time() > clock_timestamp() - interval '3 seconds';
$$;

-- Down Migration

DROP FUNCTION node_holds_lock;
DROP INDEX idx_stream_heads_awake;
CREATE INDEX idx_stream_heads_always ON stream_heads (aggregate_type) WHERE aggregate_type IN ('Economy', 'WorldState');
ALTER TABLE stream_heads DROP COLUMN rests;
ALTER TABLE nodes DROP COLUMN actors, DROP COLUMN game_address;
