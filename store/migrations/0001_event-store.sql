-- Up Migration

-- The role that the application's connections take on: it reads everything and changes the log through append_events alone.
-- Roles belong to the whole cluster, so another database may be creating the same one at this moment.
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

CREATE SEQUENCE evenements_event_sequence_seq AS bigint CACHE 1;

CREATE TABLE evenements (
  event_id          uuid         NOT NULL DEFAULT gen_random_uuid(),
  event_type        varchar(100) NOT NULL,
  event_sequence    bigint       NOT NULL DEFAULT nextval('evenements_event_sequence_seq'),
  "timestamp"       timestamptz  NOT NULL DEFAULT now(),
  aggregate_id      uuid         NOT NULL,
  aggregate_type    varchar(50)  NOT NULL,
  aggregate_version integer      NOT NULL CHECK (aggregate_version > 0),
  payload           jsonb        NOT NULL,
  metadata          jsonb        NOT NULL DEFAULT '{}'::jsonb,
  created_at        timestamptz  NOT NULL DEFAULT now(),
  CONSTRAINT chk_aggregate_type CHECK (aggregate_type IN (
    'Joueur', 'Combat', 'Inventaire', 'Item', 'Equipement', 'Quete', 'Competence', 'PNJ', 'Economy', 'WorldState'))
) PARTITION BY RANGE ("timestamp");
ALTER SEQUENCE evenements_event_sequence_seq OWNED BY evenements.event_sequence;

CREATE INDEX idx_evenements_type ON evenements (event_type, event_sequence);
CREATE INDEX idx_evenements_correlation ON evenements ((metadata->>'correlationId'));
CREATE INDEX idx_evenements_timestamp ON evenements USING brin ("timestamp");

-- One row per stream. It keeps (aggregate_id, aggregate_version) unique over all partitions, which no index on a
-- partitioned table can, and stays when events are archived, so that no stream is begun twice.
CREATE TABLE stream_heads (
  aggregate_id   uuid        PRIMARY KEY,
  aggregate_type varchar(50) NOT NULL,
  version        integer     NOT NULL CHECK (version >= 0),
  epoch          bigint      NOT NULL DEFAULT 1,
  owner_node     text
) WITH (fillfactor = 70);

CREATE TABLE snapshots (
  snapshot_id       uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  aggregate_id      uuid        NOT NULL,
  aggregate_type    varchar(50) NOT NULL,
  aggregate_version integer     NOT NULL,
  state             jsonb       NOT NULL,
  -- The version of the state's shape; a snapshot of another shape is ignored.
  state_version     integer     NOT NULL,
  -- The commands last accepted: JSON that nobody queries, [[commandId, fromVersion, toVersion, sequence], …], oldest first.
  recent_commands   text        NOT NULL DEFAULT '[]',
  created_at        timestamptz NOT NULL DEFAULT now(),
  UNIQUE (aggregate_id, aggregate_version, state_version)
);
-- Uncompressed: ids do not compress, and trying takes longer than writing them.
ALTER TABLE snapshots ALTER COLUMN recent_commands SET STORAGE EXTERNAL;
CREATE INDEX idx_snapshots_aggregate ON snapshots (aggregate_id, aggregate_version DESC);
CREATE INDEX idx_snapshots_created_at ON snapshots (created_at);

-- The outcomes of commands that left no event: final rejections, kept for a while for those who ask again.
CREATE TABLE command_outcomes (
  aggregate_id uuid        NOT NULL,
  command_id   uuid        NOT NULL,
  outcome      jsonb       NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (aggregate_id, command_id)
);
CREATE INDEX idx_command_outcomes_created_at ON command_outcomes USING brin (created_at);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- A row trigger on the parent is cloned to each partition, so that naming a partition is no way round it; TRUNCATE has
-- statement triggers only, which each partition is given when it is made.
CREATE TRIGGER evenements_immutable BEFORE UPDATE OR DELETE ON evenements FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evenements_no_truncate BEFORE TRUNCATE ON evenements FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Makes the monthly partition (UTC) that holds a time, if it is missing; answers whether it was.
-- Attached rather than created in place: ATTACH lets appends go on, CREATE ... PARTITION OF locks them out.
CREATE FUNCTION ensure_partition(p_time timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  v_from timestamptz := date_trunc('month', p_time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  v_to   timestamptz := (date_trunc('month', p_time AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
  v_name text := 'evenements_' || to_char(p_time AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
  IF to_regclass(v_name) IS NOT NULL THEN RETURN false; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('aether.partitions'), hashtext(current_schema()));
  -- By a query, whose snapshot is new: to_regclass may answer from a cache that has not heard of what the lock waited for.
  IF EXISTS (SELECT FROM pg_class WHERE relname = v_name AND relnamespace = current_schema()::regnamespace) THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE evenements INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', v_name);
  EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (event_id), ADD UNIQUE (event_sequence), ADD UNIQUE (aggregate_id, aggregate_version), '
    'ADD CONSTRAINT %I CHECK ("timestamp" >= %L AND "timestamp" < %L)', v_name, v_name || '_range', v_from, v_to);
  EXECUTE format('ALTER TABLE evenements ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_name, v_from, v_to);
  EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', v_name || '_no_truncate', v_name);
  EXECUTE format('GRANT SELECT ON %I TO aether_app', v_name);
  RETURN true;
END $$;

-- The one way into the log. Streams belong to units; a unit is written whole or not at all, and a unit whose expected
-- version or epoch is not what the database holds fails alone. Everything happens in the caller's statement, so that no
-- round trip stands between the shared lock and the commit.
--   per stream: p_units (its unit), p_streams, p_stream_types, p_expected (version), p_counts (events), p_epochs (null: any)
--   per event:  p_event_units ... p_metadata, in the order in which they take their sequence numbers
--   per outcome of a command without events: p_outcome_units, p_outcome_streams, p_outcome_commands, p_outcomes
-- Answers the sequences of the events written, in order, and the streams that did not match with what they are at.
CREATE FUNCTION append_events(
  p_units int[], p_streams uuid[], p_stream_types text[], p_expected int[], p_counts int[], p_epochs bigint[],
  p_event_units int[], p_event_ids uuid[], p_event_types text[], p_timestamps timestamptz[],
  p_aggregates uuid[], p_aggregate_types text[], p_versions int[], p_payloads jsonb[], p_metadata jsonb[],
  p_outcome_units int[], p_outcome_streams uuid[], p_outcome_commands uuid[], p_outcomes jsonb[],
  OUT sequences bigint[], OUT conflicts jsonb
) LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT
  -- Left to itself the planner plans small batches anew each time, which takes a quarter of a lone append, and large ones once,
  -- while stream_heads may still be so small that it hashes the whole of it for ever after.
  SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  v_moved  int[];
  v_failed int[] := '{}';
BEGIN
  -- Held until commit. The high-water mark takes it exclusively, and so never passes a number whose append is unfinished.
  PERFORM pg_advisory_xact_lock_shared(hashtext('aether.append'), hashtext(current_schema()));

  IF 0 = ANY (p_expected) THEN
    INSERT INTO stream_heads (aggregate_id, aggregate_type, version)
      SELECT s.id, s.type, 0 FROM unnest(p_streams, p_stream_types, p_expected) AS s (id, type, expected) WHERE s.expected = 0
      ON CONFLICT (aggregate_id) DO NOTHING;
  END IF;

  WITH moved AS (
    UPDATE stream_heads h SET version = s.expected + s.n
      FROM unnest(p_streams, p_stream_types, p_expected, p_counts, p_epochs) WITH ORDINALITY AS s (id, type, expected, n, epoch, i)
      WHERE h.aggregate_id = s.id AND h.version = s.expected AND h.aggregate_type = s.type AND (s.epoch IS NULL OR h.epoch = s.epoch)
      RETURNING s.i::int)
  SELECT array_agg(i) INTO v_moved FROM moved;

  IF coalesce(cardinality(v_moved), 0) < cardinality(p_streams) THEN
    SELECT array_agg(DISTINCT p_units[i]) INTO v_failed FROM generate_subscripts(p_streams, 1) AS i WHERE i <> ALL (coalesce(v_moved, '{}'));
    SELECT jsonb_agg(jsonb_build_object('stream', s.i, 'version', coalesce(h.version, 0), 'epoch', coalesce(h.epoch, 0))) INTO conflicts
      FROM unnest(p_streams) WITH ORDINALITY AS s (id, i) LEFT JOIN stream_heads h ON h.aggregate_id = s.id
      WHERE s.i <> ALL (coalesce(v_moved, '{}'));
    UPDATE stream_heads h SET version = s.expected
      FROM unnest(p_streams, p_units, p_expected) WITH ORDINALITY AS s (id, unit, expected, i)
      WHERE h.aggregate_id = s.id AND s.unit = ANY (v_failed) AND s.i = ANY (v_moved);
    DELETE FROM stream_heads h
      USING unnest(p_streams, p_units, p_expected) AS s (id, unit, expected)
      WHERE h.aggregate_id = s.id AND s.unit = ANY (v_failed) AND s.expected = 0 AND h.version = 0;
  END IF;

  IF cardinality(p_event_ids) > 0 THEN
    WITH written AS (
      INSERT INTO evenements (event_id, event_type, "timestamp", aggregate_id, aggregate_type, aggregate_version, payload, metadata)
        SELECT e.id, e.type, e.at, e.aggregate, e.aggregate_type, e.version, e.payload, e.metadata
        FROM unnest(p_event_units, p_event_ids, p_event_types, p_timestamps, p_aggregates, p_aggregate_types, p_versions, p_payloads, p_metadata)
          AS e (unit, id, type, at, aggregate, aggregate_type, version, payload, metadata)
        WHERE cardinality(v_failed) = 0 OR e.unit <> ALL (v_failed)
        RETURNING event_sequence)
    SELECT array_agg(event_sequence) INTO sequences FROM written;
  END IF;

  IF cardinality(p_outcome_commands) > 0 THEN
    INSERT INTO command_outcomes (aggregate_id, command_id, outcome)
      SELECT o.stream, o.command, o.outcome
      FROM unnest(p_outcome_units, p_outcome_streams, p_outcome_commands, p_outcomes) AS o (unit, stream, command, outcome)
      WHERE o.unit <> ALL (v_failed)
      ON CONFLICT (aggregate_id, command_id) DO NOTHING;
  END IF;
END $$;

-- The position up to which readers of the whole log may read: no number at or below it belongs to an unfinished append.
-- Two statements on purpose: the second must see what was committed while the first waited.
CREATE FUNCTION high_water_mark() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '500ms' AS $$
DECLARE
  v_mark bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('aether.append'), hashtext(current_schema()));
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO v_mark FROM evenements_event_sequence_seq;
  RETURN v_mark;
END $$;

REVOKE ALL ON FUNCTION append_events, high_water_mark, ensure_partition FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_events, high_water_mark, ensure_partition TO aether_app;
GRANT SELECT ON evenements, stream_heads, evenements_event_sequence_seq TO aether_app;
GRANT UPDATE (epoch, owner_node) ON stream_heads TO aether_app;
GRANT SELECT, INSERT, DELETE ON snapshots TO aether_app;
GRANT SELECT, DELETE ON command_outcomes TO aether_app;
DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO aether_app', current_schema()); END $$;

-- Down Migration

DROP FUNCTION high_water_mark, append_events, ensure_partition;
DROP TABLE command_outcomes, snapshots, stream_heads, evenements;
DROP FUNCTION refuse_change;
