-- Up Migration

-- What players are, have and know, as the log tells it: written by the projector of players alone.
CREATE TABLE joueurs (
  joueur_id                  uuid         PRIMARY KEY,
  username                   varchar(50)  NOT NULL UNIQUE,
  pseudo                     varchar(50)  NOT NULL,
  classe                     varchar(15)  NOT NULL CHECK (classe IN ('GUERRIER', 'MAGE', 'ARCHER', 'VOLEUR', 'CLERC')),
  niveau                     integer      NOT NULL DEFAULT 1 CHECK (niveau >= 1),
  experience                 bigint       NOT NULL DEFAULT 0 CHECK (experience >= 0),
  experience_prochain_niveau bigint       NOT NULL,
  stats_base                 jsonb        NOT NULL DEFAULT '{}',
  stats_equipement           jsonb        NOT NULL DEFAULT '{}',
  stats_totales              jsonb        NOT NULL DEFAULT '{}',
  "or"                       integer      NOT NULL DEFAULT 0 CHECK ("or" >= 0),
  gemmes                     integer      NOT NULL DEFAULT 0 CHECK (gemmes >= 0),
  titre                      varchar(100),
  guilde_id                  varchar(50),
  guilde_nom                 varchar(100),
  reputation                 jsonb        NOT NULL DEFAULT '{}',
  realisations               jsonb        NOT NULL DEFAULT '[]',
  statistiques_jeu           jsonb        NOT NULL DEFAULT '{}',
  derniere_connexion         timestamptz,
  cree_a                     timestamptz  NOT NULL DEFAULT now(),
  last_event_sequence        bigint       NOT NULL,
  updated_at                 timestamptz  NOT NULL DEFAULT now(),
  -- How far each of the player's streams has been taken: a stream that waits behind a dead letter holds up no other, and what
  -- comes late is told from what comes again.
  sequences                  jsonb        NOT NULL DEFAULT '{}',
  -- The pseudo without case and accents, whatever the database's locale knows of them.
  pseudo_recherche           text         NOT NULL DEFAULT '' COLLATE "C"
) WITH (fillfactor = 80);
CREATE INDEX idx_joueurs_pseudo ON joueurs (pseudo);
CREATE INDEX idx_joueurs_recherche ON joueurs (pseudo_recherche, joueur_id);
CREATE INDEX idx_joueurs_classe ON joueurs (classe);
CREATE INDEX idx_joueurs_niveau ON joueurs (niveau DESC, experience DESC, joueur_id);
CREATE INDEX idx_joueurs_guilde ON joueurs (guilde_id);
CREATE INDEX idx_joueurs_connexion ON joueurs (derniere_connexion DESC);
CREATE INDEX idx_joueurs_stats ON joueurs USING gin (stats_totales);

CREATE TABLE inventaires (
  inventaire_id       uuid        PRIMARY KEY,
  joueur_id           uuid        NOT NULL UNIQUE REFERENCES joueurs ON DELETE CASCADE,
  capacite            integer     NOT NULL DEFAULT 50 CHECK (capacite >= 0),
  poids_actuel        integer     NOT NULL DEFAULT 0 CHECK (poids_actuel >= 0),
  poids_max           integer     NOT NULL DEFAULT 1000 CHECK (poids_max >= 0),
  slots_utilises      integer     NOT NULL DEFAULT 0 CHECK (slots_utilises >= 0),
  extensions          jsonb       NOT NULL DEFAULT '[]',
  last_event_sequence bigint      NOT NULL,
  updated_at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_inventaires_slots ON inventaires (slots_utilises, capacite);

CREATE TABLE items_inventaire (
  slot_id             uuid        PRIMARY KEY,
  inventaire_id       uuid        NOT NULL REFERENCES inventaires ON DELETE CASCADE,
  joueur_id           uuid        NOT NULL REFERENCES joueurs ON DELETE CASCADE,
  item_id             uuid        NOT NULL,
  quantite            integer     NOT NULL DEFAULT 1 CHECK (quantite > 0),
  type_slot           varchar(15) NOT NULL CHECK (type_slot IN ('GENERAL', 'EQUIPEMENT', 'CONSOMMABLE', 'MATERIAU', 'QUETE')),
  position_slot       integer     NOT NULL,
  est_equipe          boolean     DEFAULT false,
  proprietes_instance jsonb       NOT NULL DEFAULT '{}',
  obtenu_a            timestamptz NOT NULL DEFAULT now(),
  event_sequence      bigint      NOT NULL,
  -- Looked at when a statement ends: two things may change places in one.
  CONSTRAINT items_inventaire_position UNIQUE (inventaire_id, position_slot) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX idx_items_inventaire_joueur ON items_inventaire (joueur_id);
CREATE INDEX idx_items_inventaire_item ON items_inventaire (item_id);
CREATE INDEX idx_items_inventaire_type ON items_inventaire (type_slot);
CREATE INDEX idx_items_inventaire_equipe ON items_inventaire (joueur_id, est_equipe) WHERE est_equipe = true;

CREATE TABLE sets_equipement (
  equipement_id         uuid        PRIMARY KEY,
  joueur_id             uuid        NOT NULL UNIQUE REFERENCES joueurs ON DELETE CASCADE,
  slot_tete             uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_torse            uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_jambes           uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_pieds            uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_mains            uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_arme_principale  uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_arme_secondaire  uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_dos              uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_cou              uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_doigt_1          uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_doigt_2          uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_accessoire_1     uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  slot_accessoire_2     uuid        REFERENCES items_inventaire ON DELETE SET NULL,
  bonus_set             jsonb       NOT NULL DEFAULT '[]',
  valeur_defense_totale integer     NOT NULL DEFAULT 0,
  valeur_attaque_totale integer     NOT NULL DEFAULT 0,
  last_event_sequence   bigint      NOT NULL,
  updated_at            timestamptz NOT NULL DEFAULT now()
);
-- Each thing that goes is looked for in all 13 places: without these every one of them would be a scan of all sets.
CREATE INDEX idx_sets_tete ON sets_equipement (slot_tete) WHERE slot_tete IS NOT NULL;
CREATE INDEX idx_sets_torse ON sets_equipement (slot_torse) WHERE slot_torse IS NOT NULL;
CREATE INDEX idx_sets_jambes ON sets_equipement (slot_jambes) WHERE slot_jambes IS NOT NULL;
CREATE INDEX idx_sets_pieds ON sets_equipement (slot_pieds) WHERE slot_pieds IS NOT NULL;
CREATE INDEX idx_sets_mains ON sets_equipement (slot_mains) WHERE slot_mains IS NOT NULL;
CREATE INDEX idx_sets_arme_principale ON sets_equipement (slot_arme_principale) WHERE slot_arme_principale IS NOT NULL;
CREATE INDEX idx_sets_arme_secondaire ON sets_equipement (slot_arme_secondaire) WHERE slot_arme_secondaire IS NOT NULL;
CREATE INDEX idx_sets_dos ON sets_equipement (slot_dos) WHERE slot_dos IS NOT NULL;
CREATE INDEX idx_sets_cou ON sets_equipement (slot_cou) WHERE slot_cou IS NOT NULL;
CREATE INDEX idx_sets_doigt_1 ON sets_equipement (slot_doigt_1) WHERE slot_doigt_1 IS NOT NULL;
CREATE INDEX idx_sets_doigt_2 ON sets_equipement (slot_doigt_2) WHERE slot_doigt_2 IS NOT NULL;
CREATE INDEX idx_sets_accessoire_1 ON sets_equipement (slot_accessoire_1) WHERE slot_accessoire_1 IS NOT NULL;
CREATE INDEX idx_sets_accessoire_2 ON sets_equipement (slot_accessoire_2) WHERE slot_accessoire_2 IS NOT NULL;

CREATE TABLE competences_joueur (
  competence_joueur_id      uuid         PRIMARY KEY,
  joueur_id                 uuid         NOT NULL REFERENCES joueurs ON DELETE CASCADE,
  competence_id             uuid         NOT NULL,
  niveau_competence         integer      NOT NULL DEFAULT 1,
  experience_competence     integer      NOT NULL DEFAULT 0,
  assignee_barre            boolean      DEFAULT false,
  position_barre            integer      CHECK (position_barre BETWEEN 1 AND 10),
  -- As it was when it began; what is left of it says `echeance`.
  cooldown_restant_secondes integer      DEFAULT 0,
  dernier_usage             timestamptz,
  modificateurs_actifs      jsonb        NOT NULL DEFAULT '[]',
  last_event_sequence       bigint       NOT NULL,
  updated_at                timestamptz  NOT NULL DEFAULT now(),
  -- The instant from which the skill can be used again.
  echeance                  timestamptz,
  -- The skill as it was learnt.
  definition                jsonb        NOT NULL DEFAULT '{}',
  UNIQUE (joueur_id, competence_id)
);
CREATE INDEX idx_competences_joueur_barre ON competences_joueur (joueur_id, assignee_barre, position_barre) WHERE assignee_barre = true;
CREATE INDEX idx_competences_joueur_cooldown ON competences_joueur (joueur_id, cooldown_restant_secondes) WHERE cooldown_restant_secondes > 0;

CREATE TABLE quetes_joueur (
  quete_joueur_id        uuid         PRIMARY KEY,
  joueur_id              uuid         NOT NULL REFERENCES joueurs ON DELETE CASCADE,
  quete_id               uuid         NOT NULL,
  etat                   varchar(12)  NOT NULL DEFAULT 'EN_COURS' CHECK (etat IN ('EN_COURS', 'COMPLETE', 'ECHOUEE', 'ABANDONEE')),
  progres_objectifs      jsonb        NOT NULL DEFAULT '[]',
  pourcentage_completion integer      NOT NULL DEFAULT 0 CHECK (pourcentage_completion BETWEEN 0 AND 100),
  suivie                 boolean      DEFAULT false,
  acceptee_a             timestamptz  NOT NULL DEFAULT now(),
  completee_a            timestamptz,
  expire_a               timestamptz,
  last_event_sequence    bigint       NOT NULL,
  updated_at             timestamptz  NOT NULL DEFAULT now(),
  -- Which of the player's acceptances of the quest it is.
  acceptation            integer      NOT NULL,
  nom                    varchar(100) NOT NULL,
  UNIQUE (joueur_id, quete_id, acceptation)
);
CREATE UNIQUE INDEX idx_quetes_joueur_ouverte ON quetes_joueur (joueur_id, quete_id) WHERE etat IN ('EN_COURS', 'ABANDONEE');
CREATE INDEX idx_quetes_joueur_etat ON quetes_joueur (joueur_id, etat);
CREATE INDEX idx_quetes_joueur_suivie ON quetes_joueur (joueur_id, suivie) WHERE suivie = true;
CREATE INDEX idx_quetes_joueur_expire ON quetes_joueur (expire_a) WHERE etat = 'EN_COURS' AND expire_a IS NOT NULL;
CREATE INDEX idx_quetes_joueur_acceptee ON quetes_joueur (joueur_id, acceptee_a DESC, quete_joueur_id DESC);

CREATE TABLE historique_niveau (
  historique_id    uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  joueur_id        uuid        NOT NULL REFERENCES joueurs ON DELETE CASCADE,
  niveau_atteint   integer     NOT NULL,
  experience_total bigint      NOT NULL,
  atteint_a        timestamptz NOT NULL DEFAULT now(),
  event_sequence   bigint      NOT NULL
);
CREATE INDEX idx_historique_niveau_joueur ON historique_niveau (joueur_id, niveau_atteint DESC);
CREATE INDEX idx_historique_niveau_date ON historique_niveau (atteint_a);

-- Who is in the view, and where. In a function, so that the table can be replaced by one that was filled beside it: what a view
-- names it holds on to.
CREATE FUNCTION ranked_players() RETURNS TABLE (joueur_id uuid, pseudo varchar(50), classe varchar(15), niveau integer, experience bigint,
  titre varchar(100), guilde_nom varchar(100), stats_totales jsonb, rang bigint, rang_niveau bigint, rang_arene bigint, score_arene integer)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
  RETURN QUERY
    SELECT j.joueur_id, j.pseudo, j.classe, j.niveau, j.experience, j.titre, j.guilde_nom, j.stats_totales,
      row_number() OVER by_level, row_number() OVER by_level, row_number() OVER by_rating,
      (j.statistiques_jeu->>'score_arene')::integer
    FROM joueurs j
    WHERE j.derniere_connexion >= now() - interval '30 days'
    WINDOW by_level AS (ORDER BY j.niveau DESC, j.experience DESC, j.joueur_id),
      by_rating AS (ORDER BY (j.statistiques_jeu->>'score_arene')::integer DESC NULLS LAST, j.joueur_id);
END $$;
REVOKE ALL ON FUNCTION ranked_players FROM PUBLIC;

CREATE MATERIALIZED VIEW vue_leaderboard_global AS SELECT * FROM ranked_players();
-- By which it is refreshed while it is read.
CREATE UNIQUE INDEX idx_leaderboard_joueur ON vue_leaderboard_global (joueur_id);
CREATE INDEX idx_leaderboard_rang ON vue_leaderboard_global (rang);
CREATE INDEX idx_leaderboard_rang_arene ON vue_leaderboard_global (rang_arene);

-- Answers whether it has refreshed the view: false when another session is at it.
CREATE FUNCTION refresh_leaderboard() RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('aether.leaderboard'), hashtext(current_schema())) THEN
    RETURN false;
  END IF;
  REFRESH MATERIALIZED VIEW CONCURRENTLY vue_leaderboard_global;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION refresh_leaderboard FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_leaderboard TO aether_app;

GRANT SELECT, INSERT, UPDATE, DELETE
  ON joueurs, inventaires, items_inventaire, sets_equipement, competences_joueur, quetes_joueur, historique_niveau TO aether_app;
GRANT SELECT ON vue_leaderboard_global TO aether_app;

-- Down Migration

DROP FUNCTION refresh_leaderboard;
DROP MATERIALIZED VIEW vue_leaderboard_global;
DROP FUNCTION ranked_players;
DROP TABLE historique_niveau, quetes_joueur, competences_joueur, sets_equipement, items_inventaire, inventaires, joueurs;
