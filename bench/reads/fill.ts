import type pg from "pg";

export const playerId = (n: number): string => `aaaaaaaa-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
export const itemId = (n: number): string => `bbbbbbbb-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
const id = (head: string, n: string): string => `('${head}-0000-4000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;

export const ITEMS = 2_000;
const STEP = 50_000;

/** Rows of read models as the projectors would write them, set-wise and without events: from so many players to so many. */
export async function fillPlayers(
  client: pg.Client,
  from: number,
  to: number,
  progress: (text: string) => void,
): Promise<void> {
  if (from === 0) {
    await client.query(
      `INSERT INTO items (item_id, nom, type_item, rarete, definition, last_event_sequence)
       SELECT ${id("bbbbbbbb", "n")}, 'Objet ' || n, 'MATERIAU', 'COMMUN',
         jsonb_build_object('nom', 'Objet ' || n, 'typeItem', 'MATERIAU', 'rarete', 'COMMUN'), n
       FROM generate_series(1, $1::int) AS n`,
      [ITEMS],
    );
  }
  // Rows refer to rows that were written just before: to look each up again takes more than all the rest.
  await client.query("SET session_replication_role = replica; SET synchronous_commit = off");
  for (let at = from; at < to; at += STEP) {
    const range = [at + 1, Math.min(to, at + STEP)];
    await client.query("BEGIN");
    await client.query(
      `INSERT INTO joueurs (joueur_id, username, pseudo, pseudo_recherche, classe, niveau, experience, experience_prochain_niveau,
         "or", stats_base, stats_equipement, stats_totales, guilde_id, guilde_nom, statistiques_jeu, derniere_connexion, last_event_sequence, sequences)
       SELECT ${id("aaaaaaaa", "n")}, 'user' || n, 'Joueur' || n, 'joueur' || n, 'MAGE', 1 + n % 60, (n::bigint * 7919) % 1000000, 1000000,
         n % 5000, '{"vie": 100, "mana": 50, "attaque": 12, "defense": 8}', '{"attaque": 3}', '{"vie": 100, "mana": 50, "attaque": 15, "defense": 8}',
         CASE WHEN n % 3 = 0 THEN 'g' || n % 5000 END, CASE WHEN n % 3 = 0 THEN 'Guilde ' || n % 5000 END,
         jsonb_build_object('score_arene', 1000 + (n::bigint * 104729) % 2000), now() - (n % 20) * interval '1 day', n, jsonb_build_object('Joueur', n)
       FROM generate_series($1::int, $2::int) AS n`,
      range,
    );
    await client.query(
      `INSERT INTO inventaires (inventaire_id, joueur_id, slots_utilises, last_event_sequence)
       SELECT ${id("cccccccc", "n")}, ${id("aaaaaaaa", "n")}, 3, n FROM generate_series($1::int, $2::int) AS n`,
      range,
    );
    await client.query(
      `INSERT INTO items_inventaire (slot_id, inventaire_id, joueur_id, item_id, quantite, type_slot, position_slot, proprietes_instance, event_sequence)
       SELECT ${id("dddddddd", "n * 8 + p")}, ${id("cccccccc", "n")}, ${id("aaaaaaaa", "n")}, ${id("bbbbbbbb", `1 + (n * 3 + p) % ${ITEMS}`)}, 1 + p,
         'GENERAL', p, jsonb_build_object('nom', 'Objet', 'typeItem', 'MATERIAU'), n
       FROM generate_series($1::int, $2::int) AS n, generate_series(0, 2) AS p`,
      range,
    );
    // Every player has an order; a tenth of all are for the busiest item.
    await client.query(
      `INSERT INTO ordres_economie (ordre_id, type_ordre, joueur_id, pseudo_joueur, item_id, quantite, quantite_restante, prix_unitaire, statut, cree_a, complete_a, last_event_sequence)
       SELECT ${id("eeeeeeee", "n")}, CASE WHEN n % 2 = 0 THEN 'VENTE' ELSE 'ACHAT' END, ${id("aaaaaaaa", "n")}, 'Joueur' || n,
         ${id("bbbbbbbb", `CASE WHEN n % 10 = 0 OR n % 10 = 1 THEN 1 ELSE 1 + n % ${ITEMS} END`)}, 10, CASE WHEN n % 4 < 2 THEN 10 ELSE 0 END,
         CASE WHEN n % 2 = 0 THEN 1001 + n % 500 ELSE 1000 - n % 500 END, CASE WHEN n % 4 < 2 THEN 'ACTIF' ELSE 'COMPLETE' END, now() - n * interval '1 s',
         CASE WHEN n % 4 < 2 THEN NULL ELSE now() END, n
       FROM generate_series($1::int, $2::int) AS n`,
      range,
    );
    await client.query("COMMIT");
    progress(`${range[1]} players`);
  }
  await client.query("VACUUM ANALYZE");
}
