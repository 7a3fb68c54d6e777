-- Up Migration

-- Ours: what happened on each day, by UTC.
CREATE TABLE chiffres_jour (
  jour                date   PRIMARY KEY,
  combats             bigint NOT NULL DEFAULT 0,
  transactions        bigint NOT NULL DEFAULT 0,
  last_event_sequence bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON chiffres_jour TO aether_app;

-- Down Migration

DROP TABLE chiffres_jour;
