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

-- Down Migration

DROP TABLE nodes;
