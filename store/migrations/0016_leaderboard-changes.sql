-- Up Migration

-- Players whose place in a leaderboard may have changed, newest last, as they were before: written with their rows, by whoever holds the
-- read model's checkpoint, so that numbers become visible in their order. Whoever keeps leaderboards elsewhere reads on from where it
-- stands; who is further behind than what is kept begins anew, and so does everybody once the table is another one.
CREATE TABLE leaderboard_changes (
  revision  bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  joueur_id uuid        NOT NULL,
  -- NULL: there was no such player.
  pseudo    varchar(50),
  -- Whose points or name may have changed; NULL: none.
  guildes   varchar(50)[]
);
GRANT SELECT, INSERT, DELETE ON leaderboard_changes TO aether_app;

-- Down Migration

DROP TABLE leaderboard_changes;
