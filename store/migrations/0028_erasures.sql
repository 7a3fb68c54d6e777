-- Up Migration

-- Whose personal data are erased, or are to be: a mark that stays. Whoever finds one that is not finished goes on with it.
CREATE TABLE erasures (
  joueur_id      uuid        PRIMARY KEY,
  requested_by   uuid        NOT NULL,
  requested_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  correlation_id uuid        NOT NULL,
  -- Since when there is no key, by this database's clock; nodes may hold it for some seconds more.
  key_erased_at  timestamptz,
  -- Of the event that every read model takes; null: not yet, or there was nobody in the game.
  event_sequence bigint,
  finished_at    timestamptz
);
CREATE INDEX idx_erasures_open ON erasures (requested_at) WHERE finished_at IS NULL;
-- Nodes look for new ones all the time.
CREATE INDEX idx_erasures_requested_at ON erasures (requested_at);
GRANT SELECT, INSERT, UPDATE (key_erased_at, event_sequence, finished_at) ON erasures TO aether_app;

-- An erasure is for ever: nothing takes the mark back, nor unsays that it was done.
CREATE FUNCTION keep_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.joueur_id <> OLD.joueur_id OR (OLD.finished_at IS NOT NULL AND NEW IS DISTINCT FROM OLD) THEN
    RAISE EXCEPTION 'an erasure is for ever';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER erasures_stay BEFORE UPDATE OR DELETE ON erasures FOR EACH ROW EXECUTE FUNCTION keep_erasure();
CREATE TRIGGER erasures_no_truncate BEFORE TRUNCATE ON erasures FOR EACH STATEMENT EXECUTE FUNCTION keep_erasure();

-- What names the erased apart from events.
GRANT DELETE ON usernames TO aether_app;
GRANT UPDATE (reason) ON bans TO aether_app;

-- The ids of those that lists within an object are about, in lower case.
CREATE FUNCTION named_in(details jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower((jsonb_path_query_array(details, '$.*[*].entiteId') || jsonb_path_query_array(details, '$.*[*].joueurId'))::text)::jsonb
$$;

-- The same object, where in its lists something else stands for somebody's name.
CREATE FUNCTION without_name(details jsonb, lists text[], id_key text, id uuid, name_key text, name text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT details || coalesce(jsonb_object_agg(list, (
    SELECT coalesce(jsonb_agg(
      CASE WHEN lower(one->>id_key) = id::text THEN one || jsonb_build_object(name_key, name) ELSE one END ORDER BY n), '[]')
    FROM jsonb_array_elements(details->list) WITH ORDINALITY AS e (one, n))), '{}')
  FROM unnest(lists) AS l (list) WHERE jsonb_typeof(details->list) = 'array'
$$;
REVOKE ALL ON FUNCTION named_in, without_name FROM PUBLIC;
GRANT EXECUTE ON FUNCTION named_in, without_name TO aether_app;

-- Whom an erasure concerns, wherever it is that they are named.
CREATE INDEX idx_historique_combat_noms ON historique_combat USING gin (named_in(details))
  WHERE event_type IN ('CombatPrepare', 'CombatDemarre', 'CombatTermine');
CREATE INDEX idx_historique_combat_archive_noms ON historique_combat_archive USING gin (named_in(details))
  WHERE event_type IN ('CombatPrepare', 'CombatDemarre', 'CombatTermine');
CREATE INDEX idx_histoire_monde_noms ON histoire_monde USING gin (named_in(details)) WHERE type_fait = 'BOSS_VAINCU';

-- Down Migration

DROP INDEX idx_histoire_monde_noms, idx_historique_combat_archive_noms, idx_historique_combat_noms;
DROP FUNCTION without_name, named_in;
REVOKE UPDATE (reason) ON bans FROM aether_app;
REVOKE DELETE ON usernames FROM aether_app;
DROP TABLE erasures;
DROP FUNCTION keep_erasure;
