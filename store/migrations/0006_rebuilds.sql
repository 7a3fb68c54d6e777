-- Up Migration

-- The last rebuild of each read model: how far it is, or how it ended.
CREATE TABLE projection_rebuilds (
  name            text        PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
  -- INTERRUPTED: can be taken up again where it stopped. One that was killed is left as FILLING.
  state           text        NOT NULL CHECK (state IN ('FILLING', 'INTERRUPTED', 'DONE', 'FAILED')),
  -- Raised by whoever takes it up: what an earlier one still writes is refused.
  epoch           integer     NOT NULL DEFAULT 1,
  -- Of the tables as they were copied: after a migration there is nothing to take up again.
  shape           text        NOT NULL,
  position        bigint      NOT NULL DEFAULT 0,
  target          bigint      NOT NULL DEFAULT 0,
  events          bigint      NOT NULL DEFAULT 0,
  -- Events left out since an operator had discarded them.
  skipped         integer     NOT NULL DEFAULT 0,
  node_id         text        NOT NULL,
  started_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  ended_at        timestamptz,
  code            text,
  error           text,
  failed_sequence bigint
);
GRANT SELECT ON projection_rebuilds TO aether_app;
GRANT UPDATE (position, target, events, skipped, updated_at) ON projection_rebuilds TO aether_app;

-- Down Migration

DROP TABLE projection_rebuilds;
