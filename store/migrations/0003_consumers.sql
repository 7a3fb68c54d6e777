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

-- How far the log goes on after a position without a gap (up_to), and its last number among the next thousand events.
-- A function for its settings: planned while the log is young, it would read and sort whole partitions until their next ANALYZE.
CREATE FUNCTION run_after(p_after bigint, OUT up_to bigint, OUT last bigint)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT SET enable_seqscan = off SET enable_sort = off AS $$
BEGIN
  SELECT p_after + count(*) FILTER (WHERE n - i = p_after), coalesce(max(n), p_after) INTO up_to, last
    FROM (SELECT event_sequence AS n, row_number() OVER (ORDER BY event_sequence) AS i
          FROM evenements WHERE event_sequence > p_after ORDER BY event_sequence LIMIT 1000) AS next;
END $$;
REVOKE ALL ON FUNCTION run_after FROM PUBLIC;
GRANT EXECUTE ON FUNCTION run_after TO aether_app;

GRANT SELECT, INSERT ON consumer_checkpoints, dead_letters TO aether_app;
GRANT UPDATE (position, owner_node, updated_at) ON consumer_checkpoints TO aether_app;
GRANT UPDATE (state, code, error, attempts, last_at) ON dead_letters TO aether_app;

-- Down Migration

DROP FUNCTION run_after;
DROP TABLE dead_letters, consumer_checkpoints;
