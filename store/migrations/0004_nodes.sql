-- Up Migration

-- The processes that run, so that a command finds the one that owns its aggregate. A node lives while its heartbeat, by this
-- server's clock, is fresh; the row of a dead one is removed by whoever notices.
CREATE TABLE nodes (
  node_id      text        PRIMARY KEY,
  -- Where other nodes reach it.
  url          text        NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE, DELETE ON nodes TO aether_app;

-- The few aggregates that are to be run by some node at all times.
CREATE INDEX idx_stream_heads_always ON stream_heads (aggregate_type) WHERE aggregate_type IN ('Economy', 'WorldState');

-- Down Migration

DROP INDEX idx_stream_heads_always;
DROP TABLE nodes;
