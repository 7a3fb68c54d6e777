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

-- Down Migration

DROP TABLE joueurs_archive, transactions_economie_archive, historique_combat_archive, actions_combat_archive, participants_combat_archive,
  instances_combat_archive;
DROP INDEX idx_joueurs_vus, idx_instances_combat_finis, idx_prix_marche_anciens, idx_ordres_economie_expire;
DROP TABLE upkeep_tasks;
