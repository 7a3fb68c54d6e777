-- Up Migration

-- The role that the application's connections take on, if these keys stand in another cluster than the events.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'aether_app') THEN
    BEGIN
      CREATE ROLE aether_app NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role(current_user, 'aether_app', 'MEMBER') THEN
    EXECUTE format('GRANT aether_app TO %I', current_user);
  END IF;
END $$;

-- One row per person whose data are sealed. The row outlives the key: it is the mark that there will never be another.
CREATE TABLE subject_keys (
  subject_id    uuid        PRIMARY KEY,
  -- Wrapped by a master key: nonce (12), tag (16), key (32); null once the person is erased.
  wrapped_key   bytea       CHECK (length(wrapped_key) = 60),
  master_key_id text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  erased_at     timestamptz,
  CHECK ((wrapped_key IS NULL) = (erased_at IS NOT NULL)),
  CHECK ((wrapped_key IS NULL) = (master_key_id IS NULL))
);
-- Every node asks for the last ones all the time.
CREATE INDEX idx_subject_keys_erased ON subject_keys (erased_at) WHERE erased_at IS NOT NULL;
CREATE INDEX idx_subject_keys_master ON subject_keys (master_key_id, subject_id) WHERE master_key_id IS NOT NULL;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an erasure is for ever: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER subject_keys_erased_stays BEFORE UPDATE ON subject_keys FOR EACH ROW WHEN (OLD.erased_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER subject_keys_stay BEFORE DELETE ON subject_keys FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER subject_keys_no_truncate BEFORE TRUNCATE ON subject_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON subject_keys TO aether_app;
GRANT UPDATE (wrapped_key, master_key_id, erased_at) ON subject_keys TO aether_app;
DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO aether_app', current_schema()); END $$;

-- Down Migration

DROP TABLE subject_keys;
DROP FUNCTION refuse_change;
