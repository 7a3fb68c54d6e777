-- Up Migration

-- Commands that may be repeated after any time, those of sagas, have outcomes that upkeep does not remove.
ALTER TABLE command_outcomes ADD COLUMN lasting boolean NOT NULL DEFAULT false;

-- Snapshots name recent commands by the streams that they changed from here on. A snapshot is a shortcut: the old ones go.
DELETE FROM snapshots;

-- As before, but for p_outcomes, {"outcome": ..., "lasting": ...} each, and for heads at version 0: a unit that fails leaves them.
CREATE OR REPLACE FUNCTION append_events(
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
  v_begun  uuid[] := '{}';
  v_moved  int[];
  v_failed int[] := '{}';
BEGIN
  -- Held until commit. The high-water mark takes it exclusively, and so never passes a number whose append is unfinished.
  PERFORM pg_advisory_xact_lock_shared(hashtext('aether.append'), hashtext(current_schema()));

  IF 0 = ANY (p_expected) THEN
    WITH begun AS (
      INSERT INTO stream_heads (aggregate_id, aggregate_type, version)
        SELECT s.id, s.type, 0 FROM unnest(p_streams, p_stream_types, p_expected) AS s (id, type, expected) WHERE s.expected = 0
        ON CONFLICT (aggregate_id) DO NOTHING
        RETURNING aggregate_id)
    SELECT coalesce(array_agg(aggregate_id), '{}') INTO v_begun FROM begun;
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
    -- Only what was begun here: a head that was there at version 0 has an epoch that shuts somebody out.
    DELETE FROM stream_heads h
      USING unnest(p_streams, p_units, p_expected) AS s (id, unit, expected)
      WHERE h.aggregate_id = s.id AND s.unit = ANY (v_failed) AND s.expected = 0 AND h.version = 0 AND h.aggregate_id = ANY (v_begun);
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
    INSERT INTO command_outcomes (aggregate_id, command_id, outcome, lasting)
      SELECT o.stream, o.command, o.outcome->'outcome', (o.outcome->>'lasting')::boolean
      FROM unnest(p_outcome_units, p_outcome_streams, p_outcome_commands, p_outcomes) AS o (unit, stream, command, outcome)
      WHERE o.unit <> ALL (v_failed)
      ON CONFLICT (aggregate_id, command_id) DO NOTHING;
  END IF;
END $$;

-- Down Migration

DELETE FROM snapshots;
CREATE OR REPLACE FUNCTION append_events(
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
ALTER TABLE command_outcomes DROP COLUMN lasting;
