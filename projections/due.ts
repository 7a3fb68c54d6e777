import type pg from "pg";

type Reader = Pick<pg.Pool, "query">;

/** Ids of what is due, after an id and in their order, at most so many. */
export type DuePage = (reader: Reader, after: string, limit: number) => Promise<readonly string[]>;

export const FIRST_ID = "00000000-0000-0000-0000-000000000000";

/** Pages by the ids of one column. They are few: what is due is an index of its own. */
function pages(text: string): DuePage {
  return async (reader, after, limit) => {
    const { rows } = await reader.query<{ id: string }>(text, [after, limit]);
    return rows.map(({ id }) => id);
  };
}

/** Items whose orders have run out and are in the book still. */
export const itemsWithDueOrders = pages(
  `SELECT item_id AS id FROM ordres_economie
   WHERE statut IN ('ACTIF', 'PARTIELLEMENT_EXECUTE') AND expire_a IS NOT NULL AND expire_a <= now() AND item_id > $1
   GROUP BY item_id ORDER BY item_id LIMIT $2`,
);

/** Items whose figures of 24 hours are older than an hour, and say that something was traded. */
export const itemsWithOldPrices = pages(
  `SELECT item_id AS id FROM prix_marche
   WHERE nombre_transactions_24h > 0 AND updated_at <= now() - interval '1 hour' AND item_id > $1 ORDER BY item_id LIMIT $2`,
);

/** Players with quests whose time is over and that are open still. */
export const playersWithDueQuests = pages(
  `SELECT joueur_id AS id FROM quetes_joueur
   WHERE etat = 'EN_COURS' AND expire_a IS NOT NULL AND expire_a <= now() AND joueur_id > $1
   GROUP BY joueur_id ORDER BY joueur_id LIMIT $2`,
);
