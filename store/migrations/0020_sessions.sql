-- Up Migration

-- A player's stay in a room, over all its connections and nodes. The client has a secret, of which only this hash is kept: who shows it
-- is the player, for as long as the session lives.
CREATE TABLE sessions (
  session_id   uuid        PRIMARY KEY,
  token_hash   bytea       NOT NULL CHECK (length(token_hash) = 32),
  user_id      uuid        NOT NULL,
  role         varchar(20) NOT NULL,
  -- Which room it is for, and what that shows.
  room         varchar(50) NOT NULL,
  aggregate_id uuid        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz
);
CREATE INDEX idx_sessions_user ON sessions (user_id);
-- They run out in about the order in which they were written.
CREATE INDEX idx_sessions_expires ON sessions USING brin (expires_at);
GRANT SELECT, INSERT, DELETE, UPDATE (revoked_at) ON sessions TO aether_app;

-- Who is shut out, and was: a ban that was lifted stays, for whoever asks who did what. Active is one that was not lifted and has not run out.
CREATE TABLE bans (
  ban_id    uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id   uuid         NOT NULL,
  reason    varchar(500) NOT NULL,
  banned_by uuid         NOT NULL,
  banned_at timestamptz  NOT NULL DEFAULT now(),
  -- Null: until it is lifted.
  until     timestamptz,
  lifted_by uuid,
  lifted_at timestamptz
);
CREATE INDEX idx_bans_user ON bans (user_id) WHERE lifted_at IS NULL;
-- Nodes look for new ones all the time.
CREATE INDEX idx_bans_banned_at ON bans (banned_at);
GRANT SELECT, INSERT, UPDATE (lifted_by, lifted_at) ON bans TO aether_app;

-- Down Migration

DROP TABLE bans, sessions;
