-- Up Migration

-- Views name their tables inside functions, so that a table can be replaced by one that was filled beside it.
CREATE FUNCTION popular_items() RETURNS TABLE (item_id uuid, nom varchar(100), type_item varchar(15), rarete varchar(15),
  nb_possesseurs bigint, quantite_totale bigint)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
  RETURN QUERY
    SELECT i.item_id, i.nom::varchar(100), i.type_item::varchar(15), i.rarete::varchar(15), count(DISTINCT s.joueur_id),
      coalesce(sum(s.quantite), 0)::bigint
    FROM items i JOIN items_inventaire s ON s.item_id = i.item_id
    GROUP BY i.item_id, i.nom, i.type_item, i.rarete;
END $$;
REVOKE ALL ON FUNCTION popular_items FROM PUBLIC;
CREATE MATERIALIZED VIEW vue_items_populaires AS SELECT * FROM popular_items();
CREATE UNIQUE INDEX idx_items_populaires_item ON vue_items_populaires (item_id);
CREATE INDEX idx_items_populaires_possesseurs ON vue_items_populaires (nb_possesseurs DESC, item_id);

-- Ours: a guild's points are the levels of its members, all together.
CREATE FUNCTION ranked_guilds() RETURNS TABLE (guilde_id varchar(50), nom varchar(100), membres bigint, points bigint, rang bigint)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
  RETURN QUERY
    SELECT g.*, row_number() OVER (ORDER BY g.points DESC, g.guilde_id)
    FROM (SELECT j.guilde_id, max(j.guilde_nom)::varchar(100) AS nom, count(*) AS membres, sum(j.niveau)::bigint AS points
      FROM joueurs j WHERE j.guilde_id IS NOT NULL GROUP BY j.guilde_id) AS g;
END $$;
REVOKE ALL ON FUNCTION ranked_guilds FROM PUBLIC;
CREATE MATERIALIZED VIEW vue_leaderboard_guildes AS SELECT * FROM ranked_guilds();
CREATE UNIQUE INDEX idx_leaderboard_guildes_id ON vue_leaderboard_guildes (guilde_id);
CREATE INDEX idx_leaderboard_guildes_rang ON vue_leaderboard_guildes (rang);

-- Answers whether it has refreshed the view: false when another session is at it.
CREATE FUNCTION refresh_view(p_view text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  IF p_view NOT IN ('vue_leaderboard_global', 'vue_leaderboard_guildes', 'vue_items_populaires') THEN
    RAISE EXCEPTION 'there is no view %', p_view USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT pg_try_advisory_xact_lock(hashtext('aether.' || p_view), hashtext(current_schema())) THEN
    RETURN false;
  END IF;
  EXECUTE format('REFRESH MATERIALIZED VIEW CONCURRENTLY %I', p_view);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION refresh_view FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_view TO aether_app;
DROP FUNCTION refresh_leaderboard;
GRANT SELECT ON vue_items_populaires, vue_leaderboard_guildes TO aether_app;
