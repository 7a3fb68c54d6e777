-- Up Migration

-- Who has which username. Uniqueness over all players is nothing that one player's stream can decide: a name is claimed here
-- before its player is created, and belongs to whoever claimed it first, also if the creation is tried again later.
CREATE TABLE usernames (
  -- As compared: in lower case.
  username   varchar(50) PRIMARY KEY,
  joueur_id  uuid        NOT NULL UNIQUE,
  claimed_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE (username) ON usernames TO aether_app;

-- Down Migration

DROP TABLE usernames;
