-- Up Migration

-- Combats as they are to be looked at; the contract's tables, and columns of our own after each list. A combat's row is written
-- with each of its events, so that its last_event_sequence tells how far all five tables have come with it.
CREATE TABLE instances_combat (
  combat_id            uuid         PRIMARY KEY,
  etat                 varchar(20)  NOT NULL CHECK (etat IN ('PREPARATION', 'EN_COURS', 'TERMINE', 'ABANDONNE')),
  type_combat          varchar(20)  NOT NULL CHECK (type_combat IN ('PVE', 'PVP', 'BOSS', 'ARENE')),
  zone_id              uuid         NOT NULL,
  zone_nom             varchar(100),
  tour_actuel          integer      DEFAULT 0 CHECK (tour_actuel >= 0),
  ordre_tour           jsonb        NOT NULL DEFAULT '[]',
  participant_actif_id uuid,
  heure_debut          timestamptz  NOT NULL,
  heure_fin            timestamptz,
  duree_tour_ms        integer      DEFAULT 30000 CHECK (duree_tour_ms > 0),
  prochain_timeout     timestamptz,
  conditions_victoire  jsonb        NOT NULL DEFAULT '{}',
  recompenses          jsonb        DEFAULT '{}',
  last_event_sequence  bigint       NOT NULL,
  updated_at           timestamptz  NOT NULL DEFAULT now(),
  -- Ours. The aggregate's version, the round, when the turn under way began, and how it ended.
  version              integer      NOT NULL CHECK (version > 0),
  manche               integer      NOT NULL DEFAULT 0 CHECK (manche >= 0),
  tour_debut           timestamptz,
  resultat             varchar(10)  CHECK (resultat IN ('VICTOIRE', 'NUL')),
  raison               varchar(200),
  equipes_victorieuses jsonb        NOT NULL DEFAULT '[]'
);
CREATE INDEX idx_instances_combat_etat ON instances_combat (etat);
CREATE INDEX idx_instances_combat_zone ON instances_combat (zone_id);
CREATE INDEX idx_instances_combat_sequence ON instances_combat (last_event_sequence);
CREATE INDEX idx_instances_combat_actif ON instances_combat (participant_actif_id) WHERE etat = 'EN_COURS';
-- Listings by page: the few that run are found among all that ever ended.
CREATE INDEX idx_instances_combat_etat_page ON instances_combat (etat, combat_id);
CREATE INDEX idx_instances_combat_zone_page ON instances_combat (zone_id, etat, combat_id);

-- Its frequent changes touch no indexed column: room in the page keeps them off the indexes.
CREATE TABLE participants_combat (
  participant_id          uuid         PRIMARY KEY,
  combat_id               uuid         NOT NULL REFERENCES instances_combat ON DELETE CASCADE,
  entite_id               uuid         NOT NULL,
  type_entite             varchar(10)  NOT NULL CHECK (type_entite IN ('JOUEUR', 'PNJ', 'BOSS')),
  nom                     varchar(100) NOT NULL,
  niveau                  integer      NOT NULL,
  initiative              integer      NOT NULL,
  position                integer      NOT NULL CHECK (position >= 0),
  etat                    varchar(10)  NOT NULL DEFAULT 'ACTIF' CHECK (etat IN ('ACTIF', 'KO', 'FUITE', 'MORT')),
  hp_actuel               integer      NOT NULL,
  hp_max                  integer      NOT NULL,
  mp_actuel               integer      NOT NULL,
  mp_max                  integer      NOT NULL,
  stamina_actuel          integer      NOT NULL,
  stamina_max             integer      NOT NULL,
  stats_combat            jsonb        NOT NULL DEFAULT '{}',
  resistances             jsonb        NOT NULL DEFAULT '{}',
  effets_actifs           jsonb        NOT NULL DEFAULT '[]',
  equipement              jsonb        NOT NULL DEFAULT '{}',
  competences_disponibles jsonb        NOT NULL DEFAULT '[]',
  peut_agir               boolean      DEFAULT true,
  last_event_sequence     bigint       NOT NULL,
  updated_at              timestamptz  NOT NULL DEFAULT now(),
  -- Ours.
  equipe                  varchar(40)  NOT NULL,
  rejoint                 boolean      NOT NULL DEFAULT false,
  en_defense              boolean      NOT NULL DEFAULT false,
  CHECK (hp_actuel BETWEEN 0 AND hp_max),
  CHECK (mp_actuel BETWEEN 0 AND mp_max),
  CHECK (stamina_actuel BETWEEN 0 AND stamina_max)
) WITH (fillfactor = 70);
CREATE INDEX idx_participants_combat_combat ON participants_combat (combat_id);
CREATE INDEX idx_participants_combat_entite ON participants_combat (entite_id);
CREATE INDEX idx_participants_combat_etat ON participants_combat (combat_id, etat);
CREATE INDEX idx_participants_combat_initiative ON participants_combat (combat_id, initiative DESC);

CREATE TABLE actions_combat (
  action_id          uuid        PRIMARY KEY,
  combat_id          uuid        NOT NULL REFERENCES instances_combat ON DELETE CASCADE,
  numero_tour        integer     NOT NULL,
  participant_id     uuid        NOT NULL REFERENCES participants_combat,
  type_action        varchar(20) NOT NULL CHECK (type_action IN
                       ('ATTAQUE', 'COMPETENCE', 'OBJET', 'DEPLACEMENT', 'DEFENSE', 'FUITE')),
  competence_id      uuid,
  item_id            uuid,
  cibles             jsonb       NOT NULL DEFAULT '[]',
  donnees_action     jsonb       NOT NULL DEFAULT '{}',
  resultat           varchar(20) NOT NULL CHECK (resultat IN ('SUCCES', 'ECHEC', 'ESQUIVE', 'CRITIQUE', 'BLOQUE')),
  effets_appliques   jsonb       NOT NULL DEFAULT '[]',
  temps_execution_ms integer,
  "timestamp"        timestamptz NOT NULL,
  event_sequence     bigint      NOT NULL
);
CREATE INDEX idx_actions_combat_tour ON actions_combat (combat_id, numero_tour);
CREATE INDEX idx_actions_combat_participant ON actions_combat (participant_id);
CREATE INDEX idx_actions_combat_type ON actions_combat (type_action);
CREATE INDEX idx_actions_combat_timestamp ON actions_combat ("timestamp");

-- Those that last. One that has expired is a line of historique_combat.
CREATE TABLE effets_statut (
  effet_id             uuid        PRIMARY KEY,
  participant_id       uuid        NOT NULL REFERENCES participants_combat ON DELETE CASCADE,
  combat_id            uuid        NOT NULL REFERENCES instances_combat ON DELETE CASCADE,
  type_effet           varchar(30) NOT NULL,
  source_type          varchar(20) NOT NULL CHECK (source_type IN ('COMPETENCE', 'OBJET', 'ENVIRONNEMENT')),
  source_id            uuid,
  puissance            integer     NOT NULL DEFAULT 1 CHECK (puissance >= 0),
  duree_tours_restants integer     NOT NULL CHECK (duree_tours_restants >= 0),
  stacks               integer     DEFAULT 1 CHECK (stacks >= 1),
  modificateurs        jsonb       NOT NULL DEFAULT '{}',
  est_debuff           boolean     NOT NULL,
  peut_etre_dissipe    boolean     DEFAULT true,
  applique_a           timestamptz NOT NULL,
  event_sequence       bigint      NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX idx_effets_statut_participant ON effets_statut (participant_id);
CREATE INDEX idx_effets_statut_combat ON effets_statut (combat_id);
CREATE INDEX idx_effets_statut_type ON effets_statut (type_effet);
CREATE INDEX idx_effets_statut_actifs ON effets_statut (participant_id) WHERE duree_tours_restants > 0;

-- One line an event. Its id is the event's.
CREATE TABLE historique_combat (
  historique_id  uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
  combat_id      uuid         NOT NULL REFERENCES instances_combat ON DELETE CASCADE,
  numero_tour    integer      NOT NULL,
  type_evenement varchar(20)  NOT NULL CHECK (type_evenement IN ('ACTION', 'EFFET', 'ETAT', 'TIMEOUT')),
  acteur_id      uuid,
  details        jsonb        NOT NULL,
  severite       varchar(10)  DEFAULT 'INFO' CHECK (severite IN ('INFO', 'IMPORTANT', 'CRITIQUE')),
  "timestamp"    timestamptz  NOT NULL,
  event_sequence bigint       NOT NULL,
  -- Ours: the event's type; details are its payload.
  event_type     varchar(100) NOT NULL
);
CREATE INDEX idx_historique_combat_tour ON historique_combat (combat_id, numero_tour, "timestamp");
CREATE INDEX idx_historique_combat_sequence ON historique_combat (event_sequence);

-- Ours: what the combats that have ended add up to, for each player.
CREATE TABLE statistiques_joueur (
  joueur_id           uuid        PRIMARY KEY,
  combats             integer     NOT NULL DEFAULT 0 CHECK (combats = victoires + defaites + nuls),
  victoires           integer     NOT NULL DEFAULT 0 CHECK (victoires >= 0),
  defaites            integer     NOT NULL DEFAULT 0 CHECK (defaites >= 0),
  nuls                integer     NOT NULL DEFAULT 0 CHECK (nuls >= 0),
  degats_infliges     bigint      NOT NULL DEFAULT 0 CHECK (degats_infliges >= 0),
  degats_subis        bigint      NOT NULL DEFAULT 0 CHECK (degats_subis >= 0),
  soins_prodigues     bigint      NOT NULL DEFAULT 0 CHECK (soins_prodigues >= 0),
  eliminations        integer     NOT NULL DEFAULT 0 CHECK (eliminations >= 0),
  morts               integer     NOT NULL DEFAULT 0 CHECK (morts >= 0),
  last_event_sequence bigint      NOT NULL,
  updated_at          timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON instances_combat, participants_combat, actions_combat, effets_statut, historique_combat,
  statistiques_joueur TO aether_app;

-- Down Migration

DROP TABLE statistiques_joueur, historique_combat, effets_statut, actions_combat, participants_combat, instances_combat;
