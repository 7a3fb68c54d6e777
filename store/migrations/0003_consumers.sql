-- Up Migration

-- How far each reader of the whole log has come. Who holds a row's lock works for that consumer: its effects, its dead letters
-- and its position change in that one transaction.
CREATE TABLE consumer_checkpoints (
  name       text        PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
  position   bigint      NOT NULL DEFAULT 0 CHECK (position >= 0),
  -- The node whose transaction was the last one.
  owner_node text,
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);

-- Events that a consumer could not take, and those of the same aggregates that wait behind them. It says what went wrong in
-- words that hold nothing of the payload.
CREATE TABLE dead_letters (
  consumer       text         NOT NULL REFERENCES consumer_checkpoints (name),
  event_sequence bigint       NOT NULL,
  event_id       uuid         NOT NULL,
  aggregate_id   uuid         NOT NULL,
  event_type     varchar(100) NOT NULL,
  state          text         NOT NULL CHECK (state IN ('FAILED', 'PARKED', 'COMPENSATED', 'DISCARDED', 'DONE')),
  code           text,
  error          text,
  attempts       integer      NOT NULL DEFAULT 0,
  first_at       timestamptz  NOT NULL DEFAULT now(),
  last_at        timestamptz  NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_sequence)
);
CREATE INDEX idx_dead_letters_open ON dead_letters (consumer, aggregate_id, event_sequence) WHERE state IN ('FAILED', 'PARKED');
-- At most one event of an aggregate has failed: the others wait behind it.
CREATE UNIQUE INDEX idx_dead_letters_failed ON dead_letters (consumer, aggregate_id) WHERE state = 'FAILED';

GRANT SELECT, INSERT ON consumer_checkpoints, dead_letters TO aether_app;
GRANT UPDATE (position, owner_node, updated_at) ON consumer_checkpoints TO aether_app;
GRANT UPDATE (state, code, error, attempts, last_at) ON dead_letters TO aether_app;

-- Down Migration

DROP TABLE dead_letters, consumer_checkpoints;
