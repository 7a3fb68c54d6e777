-- Up Migration

-- As append_events, with matches that begin in the same transaction, each with the unit that holds its combat. `refused`: units whose
-- match is not to be begun (any more); then nothing is written, of any unit. A unit in conflict leaves its match as it is.
CREATE FUNCTION append_matches(
  p_match_units int[], p_matches uuid[],
  p_units int[], p_streams uuid[], p_stream_types text[], p_expected int[], p_counts int[], p_epochs bigint[],
  p_event_units int[], p_event_ids uuid[], p_event_types text[], p_timestamps timestamptz[],
  p_aggregates uuid[], p_aggregate_types text[], p_versions int[], p_payloads jsonb[], p_metadata jsonb[],
  p_outcome_units int[], p_outcome_streams uuid[], p_outcome_commands uuid[], p_outcomes jsonb[],
  OUT sequences bigint[], OUT conflicts jsonb, OUT refused int[]
) LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
DECLARE
  v_begun uuid[];
BEGIN
  -- Before any stream's head, in one order: who waits for a match here holds nothing that another one who appends waits for.
  PERFORM FROM matchs WHERE match_id = ANY (p_matches) ORDER BY match_id FOR UPDATE;
  SELECT array_agg(m.unit) INTO refused FROM unnest(p_match_units, p_matches) AS m (unit, id)
    WHERE NOT EXISTS (SELECT FROM matchs WHERE match_id = m.id AND etat = 'PRET');
  IF refused IS NOT NULL THEN
    RETURN;
  END IF;

  SELECT a.sequences, a.conflicts INTO sequences, conflicts FROM append_events(
    p_units, p_streams, p_stream_types, p_expected, p_counts, p_epochs, p_event_units, p_event_ids, p_event_types, p_timestamps,
    p_aggregates, p_aggregate_types, p_versions, p_payloads, p_metadata,
    p_outcome_units, p_outcome_streams, p_outcome_commands, p_outcomes) AS a;

  SELECT array_agg(m.id) INTO v_begun FROM unnest(p_match_units, p_matches) AS m (unit, id)
    WHERE m.unit NOT IN (SELECT p_units[(c->>'stream')::int] FROM jsonb_array_elements(coalesce(conflicts, '[]')) AS c);
  UPDATE matchs SET etat = 'LANCE', lance_a = clock_timestamp() WHERE match_id = ANY (v_begun);
  WITH begun AS (
    UPDATE tickets_matchmaking SET etat = 'LANCE', revision = revision + 1
      WHERE match_id = ANY (v_begun) AND etat = 'APPARIE' RETURNING ticket_id)
  UPDATE joueurs_ticket j SET ouvert = false FROM begun WHERE j.ticket_id = begun.ticket_id;
END $$;
REVOKE ALL ON FUNCTION append_matches FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_matches TO aether_app;

-- Down Migration

DROP FUNCTION append_matches;
