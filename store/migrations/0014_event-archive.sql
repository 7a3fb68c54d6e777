-- Up Migration

-- Months of the log that nothing is appended to any more. A month comes here whole, by its partition: no row is copied.
CREATE TABLE evenements_archive (LIKE evenements INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE ("timestamp");
CREATE INDEX idx_evenements_archive_type ON evenements_archive (event_type, event_sequence);
CREATE INDEX idx_evenements_archive_correlation ON evenements_archive ((metadata->>'correlationId'));
CREATE INDEX idx_evenements_archive_timestamp ON evenements_archive USING brin ("timestamp");
CREATE TRIGGER evenements_archive_immutable BEFORE UPDATE OR DELETE ON evenements_archive FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evenements_archive_no_truncate BEFORE TRUNCATE ON evenements_archive FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT ON evenements_archive TO aether_app;

-- The whole log. Whoever reads what may be old reads it here.
CREATE VIEW evenements_tous AS SELECT * FROM evenements UNION ALL SELECT * FROM evenements_archive;
GRANT SELECT ON evenements_tous TO aether_app;

-- Moves the oldest month that ended before a time; answers its partition's name, or null where there is none. The log is locked for
-- an instant: who would have to wait for it longer than appends may wait for this gives up, and is to be asked again.
CREATE FUNCTION archive_month(p_before timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  v_name text;
  v_from timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('aether.partitions'), hashtext(current_schema()));
  SELECT c.relname, to_timestamp(c.relname || ' 00:00:00+00', '"evenements_"YYYY_MM HH24:MI:SSTZH') INTO v_name, v_from
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'evenements'::regclass AND c.relname ~ '^evenements_\d{4}_\d{2}$'
  ORDER BY c.relname LIMIT 1;
  IF v_name IS NULL OR v_from + interval '1 month' > least(p_before, date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC') THEN
    RETURN NULL;
  END IF;
  EXECUTE format('ALTER TABLE evenements DETACH PARTITION %I', v_name);
  -- Its check says what it holds, so nothing is read for this.
  EXECUTE format('ALTER TABLE evenements_archive ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_name, v_from, v_from + interval '1 month');
  RETURN v_name;
END $$;
REVOKE ALL ON FUNCTION archive_month FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive_month TO aether_app;
