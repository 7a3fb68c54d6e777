-- Up Migration

-- What is done from time to time, by one node of all: when next, who is at it, and what became of it last.
CREATE TABLE upkeep_tasks (
  name         text        PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
  every_ms     bigint      NOT NULL CHECK (every_ms > 0),
  next_run_at  timestamptz NOT NULL,
  -- By an operator, last.
  requested_at timestamptz,
  -- Raised by whoever takes it: what an earlier one still says of it is not heard.
  run          integer     NOT NULL DEFAULT 0,
  -- Under way until then, unless prolonged: a node that was killed lets it pass.
  leased_until timestamptz,
  node_id      text,
  started_at   timestamptz,
  ended_at     timestamptz,
  succeeded_at timestamptz,
  outcome      text        CHECK (outcome IN ('DONE', 'FAILED', 'INTERRUPTED')),
  code         text,
  error        text,
  -- What the run under way, or the last one, has dealt with.
  done         bigint      NOT NULL DEFAULT 0,
  -- Runs that failed since the last that did not.
  failures     integer     NOT NULL DEFAULT 0
) WITH (fillfactor = 20);
GRANT SELECT, INSERT, UPDATE ON upkeep_tasks TO aether_app;

-- What is due is found by these.
CREATE INDEX idx_ordres_economie_expire ON ordres_economie (expire_a)
  WHERE statut IN ('ACTIF', 'PARTIELLEMENT_EXECUTE') AND expire_a IS NOT NULL;
CREATE INDEX idx_prix_marche_anciens ON prix_marche (updated_at) WHERE nombre_transactions_24h > 0;
CREATE INDEX idx_instances_combat_finis ON instances_combat (heure_fin) WHERE etat IN ('TERMINE', 'ABANDONNE');
CREATE INDEX idx_joueurs_vus ON joueurs ((coalesce(derniere_connexion, cree_a)), joueur_id);

-- What is old, out of the way of what is not. The columns are those of the live tables, in their order: a migration that adds one
-- there adds it here. No foreign keys: what is here is never written again. Effects go with a combat's end, so none are old.
CREATE TABLE instances_combat_archive (LIKE instances_combat INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (combat_id));
-- An id may come back in another combat.
CREATE TABLE participants_combat_archive (LIKE participants_combat INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
  PRIMARY KEY (combat_id, participant_id));
CREATE INDEX idx_participants_combat_archive_entite ON participants_combat_archive (entite_id);
-- In the order in which they are read.
CREATE TABLE actions_combat_archive (LIKE actions_combat INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
  PRIMARY KEY (combat_id, numero_tour, event_sequence));
CREATE TABLE historique_combat_archive (LIKE historique_combat INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
  PRIMARY KEY (combat_id, numero_tour, event_sequence));

CREATE TABLE transactions_economie_archive (LIKE transactions_economie INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
  PRIMARY KEY (transaction_id));
CREATE INDEX idx_transactions_economie_archive_item ON transactions_economie_archive (item_id, executee_a DESC);
CREATE INDEX idx_transactions_economie_archive_vendeur ON transactions_economie_archive (vendeur_id);
CREATE INDEX idx_transactions_economie_archive_acheteur ON transactions_economie_archive (acheteur_id);

-- A copy: the live row stays, so that nothing dangles.
CREATE TABLE joueurs_archive (LIKE joueurs INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (joueur_id));

GRANT SELECT, INSERT, UPDATE, DELETE ON instances_combat_archive, participants_combat_archive, actions_combat_archive,
  historique_combat_archive, transactions_economie_archive, joueurs_archive TO aether_app;

-- What players have, by item. In a function for the same reason as ranked_players.
CREATE FUNCTION popular_items() RETURNS TABLE (item_id uuid, nom varchar(100), type_item varchar(20), rarete varchar(15),
  nb_possesseurs bigint, quantite_totale bigint)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
  RETURN QUERY
    SELECT i.item_id, i.nom, i.type_item, i.rarete, held.owners, held.pieces
    FROM (SELECT s.item_id, count(DISTINCT s.joueur_id) AS owners, sum(s.quantite) AS pieces FROM items_inventaire s GROUP BY s.item_id) AS held
    JOIN items i USING (item_id);
END $$;
REVOKE ALL ON FUNCTION popular_items FROM PUBLIC;

CREATE MATERIALIZED VIEW vue_items_populaires AS SELECT * FROM popular_items();
CREATE UNIQUE INDEX idx_items_populaires_item ON vue_items_populaires (item_id);
CREATE INDEX idx_items_populaires_possesseurs ON vue_items_populaires (nb_possesseurs DESC, item_id);
GRANT SELECT ON vue_items_populaires TO aether_app;

-- Refreshes one of the views while it is read. Answers whether it has: false when another session is at it.
DROP FUNCTION refresh_leaderboard;
CREATE FUNCTION refresh_view(p_view text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF p_view NOT IN ('vue_leaderboard_global', 'vue_items_populaires') THEN
    RAISE EXCEPTION 'no such view: %', p_view USING ERRCODE = 'undefined_table';
  END IF;
  IF NOT pg_try_advisory_xact_lock(hashtext('aether.view'), hashtext(current_schema() || '.' || p_view)) THEN
    RETURN false;
  END IF;
  EXECUTE format('REFRESH MATERIALIZED VIEW CONCURRENTLY %I', p_view);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION refresh_view FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_view TO aether_app;

-- Down Migration

DROP FUNCTION refresh_view;
DROP MATERIALIZED VIEW vue_items_populaires;
DROP FUNCTION popular_items;
DROP TABLE joueurs_archive, transactions_economie_archive, historique_combat_archive, actions_combat_archive, participants_combat_archive,
  instances_combat_archive;
DROP INDEX idx_joueurs_vus, idx_instances_combat_finis, idx_prix_marche_anciens, idx_ordres_economie_expire;
DROP TABLE upkeep_tasks;
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
