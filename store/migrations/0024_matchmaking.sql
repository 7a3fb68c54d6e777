-- Up Migration

-- A match is found (PROPOSE), accepted by all who must (PRET), begun with its combat in one commit (LANCE), or comes to nothing (ECHOUE).
CREATE TABLE matchs (
  match_id    uuid        PRIMARY KEY,
  mode        varchar(10) NOT NULL,
  region      varchar(20) NOT NULL,
  cible_id    uuid,
  etat        varchar(8)  NOT NULL CHECK (etat IN ('PROPOSE', 'PRET', 'LANCE', 'ECHOUE')),
  -- Why it came to nothing: a code.
  raison      varchar(40),
  -- Follows from the match: who begins it again finds it begun.
  combat_id   uuid        NOT NULL UNIQUE,
  -- Of a service's own match, the combat that it asked for.
  definition  jsonb,
  emetteur_id uuid,
  -- Players that may still be added, until it is PRET.
  libres      smallint    NOT NULL DEFAULT 0 CHECK (libres >= 0),
  -- Between the highest and the lowest ticket.
  ecart_cote  integer     NOT NULL DEFAULT 0,
  -- Until when it may be accepted.
  echeance    timestamptz,
  cree_a      timestamptz NOT NULL DEFAULT clock_timestamp(),
  lance_a     timestamptz
);
CREATE INDEX idx_matchs_proposes ON matchs (echeance) WHERE etat = 'PROPOSE';
CREATE INDEX idx_matchs_prets ON matchs (cree_a) WHERE etat = 'PRET';
CREATE INDEX idx_matchs_finis ON matchs (cree_a) WHERE etat IN ('LANCE', 'ECHOUE');

-- One ticket a party, of one player or more. Open until it is LANCE or ANNULE.
CREATE TABLE tickets_matchmaking (
  ticket_id   uuid        PRIMARY KEY,
  mode        varchar(10) NOT NULL,
  etat        varchar(10) NOT NULL CHECK (etat IN ('FORMATION', 'EN_ATTENTE', 'PROPOSE', 'APPARIE', 'LANCE', 'ANNULE')),
  raison      varchar(40),
  -- Of the players, rounded down.
  cote        integer     NOT NULL,
  taille      smallint    NOT NULL CHECK (taille BETWEEN 1 AND 16),
  region      varchar(20) NOT NULL,
  -- Milliseconds by region, and the most that will do.
  latences    jsonb       NOT NULL DEFAULT '{}',
  latence_max integer     NOT NULL,
  -- Whom a group wants to fight.
  cible_id    uuid,
  -- The service whose ticket it is; null: its players'.
  emetteur_id uuid,
  match_id    uuid        REFERENCES matchs,
  equipe      varchar(40),
  -- Raised by every change, for those who wait for one.
  revision    integer     NOT NULL DEFAULT 1,
  -- Since when it waits; kept when it comes back into the queue.
  cree_a      timestamptz NOT NULL DEFAULT clock_timestamp(),
  expire_a    timestamptz NOT NULL,
  CHECK ((match_id IS NULL) OR etat NOT IN ('FORMATION', 'EN_ATTENTE')),
  CHECK ((match_id IS NOT NULL) OR etat NOT IN ('PROPOSE', 'APPARIE', 'LANCE'))
) WITH (fillfactor = 60);
CREATE INDEX idx_tickets_attente ON tickets_matchmaking (mode, cree_a, ticket_id) WHERE etat = 'EN_ATTENTE';
CREATE INDEX idx_tickets_expire ON tickets_matchmaking (expire_a) WHERE etat IN ('FORMATION', 'EN_ATTENTE');
CREATE INDEX idx_tickets_match ON tickets_matchmaking (match_id) WHERE match_id IS NOT NULL;
CREATE INDEX idx_tickets_finis ON tickets_matchmaking (cree_a) WHERE etat IN ('LANCE', 'ANNULE');

CREATE TABLE joueurs_ticket (
  ticket_id  uuid        NOT NULL REFERENCES tickets_matchmaking ON DELETE CASCADE,
  joueur_id  uuid        NOT NULL,
  cote       integer     NOT NULL,
  ouvert     boolean     NOT NULL DEFAULT true,
  acceptee   boolean     NOT NULL DEFAULT false,
  rejoint_a  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (ticket_id, joueur_id)
) WITH (fillfactor = 60);
-- A player has one open ticket at most, whoever asks for it and through whichever node.
CREATE UNIQUE INDEX idx_joueurs_ticket_ouvert ON joueurs_ticket (joueur_id) WHERE ouvert;
CREATE INDEX idx_joueurs_ticket_dernier ON joueurs_ticket (joueur_id, rejoint_a DESC);

-- Whose turn it is to match: whoever holds the row's lock does, the one who did last before all others.
CREATE TABLE matchmaker (
  name    text        PRIMARY KEY CHECK (name = 'matchmaker'),
  node_id text,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 20);
INSERT INTO matchmaker (name) VALUES ('matchmaker');

GRANT SELECT, INSERT, UPDATE, DELETE ON matchs, tickets_matchmaking, joueurs_ticket TO aether_app;
GRANT SELECT, UPDATE ON matchmaker TO aether_app;

-- Down Migration

DROP TABLE matchmaker, joueurs_ticket, tickets_matchmaking, matchs;
