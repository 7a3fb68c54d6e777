import { beforeEach, describe, expect, test } from "vitest";
import { economyProjector } from "../../projections/economy.ts";
import { playerProjector } from "../../projections/player.ts";
import { refreshView, VIEWS } from "../../projections/views.ts";
import { rowsOf, withClient } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReadModels } from "./read-models.ts";

const database = useDatabase();
const models = useReadModels(database, 1_000);
beforeEach(() => models.caughtUp());

const COLUMNS: Readonly<Record<(typeof VIEWS)[number], Readonly<Record<string, string>>>> = {
  vue_leaderboard_global: {
    joueur_id: "uuid",
    pseudo: "character varying",
    classe: "character varying",
    niveau: "integer",
    experience: "bigint",
    titre: "character varying",
    guilde_nom: "character varying",
    stats_totales: "jsonb",
    rang: "bigint",
    rang_niveau: "bigint",
    rang_arene: "bigint",
    // Ours.
    score_arene: "integer",
  },
  vue_leaderboard_guildes: {
    guilde_id: "character varying",
    nom: "character varying",
    membres: "bigint",
    points: "bigint",
    rang: "bigint",
  },
  vue_items_populaires: {
    item_id: "uuid",
    nom: "character varying",
    type_item: "character varying",
    rarete: "character varying",
    nb_possesseurs: "bigint",
    quantite_totale: "bigint",
  },
};

test.each(VIEWS)("[UPKEEP-10] %s has the contract's columns and a unique index", async (view) => {
  const columns = await rowsOf<{ name: string; type: string }>(
    database.url,
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [view],
  );
  expect(Object.fromEntries(columns.map(({ name, type }) => [name, type]))).toEqual(COLUMNS[view]);
  const unique = await rowsOf(
    database.url,
    "SELECT FROM pg_index WHERE indrelid = $1::regclass AND indisunique AND indpred IS NULL",
    [view],
  );
  expect(unique).toHaveLength(1);
});

/** What the view should say, item by item, from the slots one by one. */
async function popularity(): Promise<readonly object[]> {
  const slots = await rowsOf<{ item_id: string; joueur_id: string; quantite: number }>(
    database.url,
    "SELECT item_id, joueur_id, quantite FROM items_inventaire",
  );
  const items = await rowsOf<{ item_id: string }>(
    database.url,
    "SELECT item_id, nom, type_item, rarete FROM items ORDER BY item_id",
  );
  return items.flatMap((item) => {
    const own = slots.filter((slot) => slot.item_id === item.item_id);
    if (own.length === 0) return [];
    const quantite_totale = own.reduce((sum, slot) => sum + slot.quantite, 0);
    return [{ ...item, nb_possesseurs: new Set(own.map((slot) => slot.joueur_id)).size, quantite_totale }];
  });
}
const shown = () =>
  rowsOf(
    database.url,
    `SELECT item_id, nom, type_item, rarete, nb_possesseurs::int, quantite_totale::int FROM vue_items_populaires ORDER BY item_id`,
  );

test("[UPKEEP-10] an item that somebody has is shown with how many have it and how many pieces, and no other", async () => {
  expect(await shown()).toEqual([]);
  expect(await refreshView(models.pool, "vue_items_populaires")).toBe(true);
  const popular = await popularity();
  expect(popular.length).toBeGreaterThan(5);
  expect(popular.some((one) => "nb_possesseurs" in one && Number(one.nb_possesseurs) > 1)).toBe(true);
  expect(await shown()).toEqual(popular);
});

test.each(VIEWS)("[UPKEEP-10] %s is refreshed by one session at a time, and readers do not wait", async (view) => {
  await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    await client.query("SELECT refresh_view($1)", [view]);
    expect(await refreshView(models.pool, view)).toBe(false);
    await models.pool.query(`SELECT FROM ${view} LIMIT 1`);
    await client.query("ROLLBACK");
  });
  expect(await refreshView(models.pool, view)).toBe(true);
});

test("[UPKEEP-10] nothing else is refreshed by that door", async () => {
  await expect(models.pool.query("SELECT refresh_view('evenements')")).rejects.toThrow("there is no view");
});

describe("[UPKEEP-11] a view goes on when the tables below it have been made anew", () => {
  test("[UPKEEP-11] vue_items_populaires", async () => {
    const before = await popularity();
    await withClient(database.url, (client) =>
      client.query("UPDATE items_inventaire SET quantite = quantite + 1; UPDATE items SET nom = 'x' || nom"),
    );
    await refreshView(models.pool, "vue_items_populaires");
    expect(await shown()).not.toEqual(before);
    await models.rebuild(playerProjector);
    await models.rebuild(economyProjector);
    await refreshView(models.pool, "vue_items_populaires");
    expect(await shown()).toEqual(before);
  });

  test("[UPKEEP-11] vue_leaderboard_global", async () => {
    const ranked = async () =>
      (await rowsOf<{ n: number }>(database.url, "SELECT count(*)::int AS n FROM vue_leaderboard_global"))[0]?.n;
    const all = await rowsOf(database.url, "UPDATE joueurs SET derniere_connexion = now() RETURNING 1");
    await refreshView(models.pool, "vue_leaderboard_global");
    expect(await ranked()).toBe(all.length);
    // In the log nobody has been seen for a month.
    await models.rebuild(playerProjector);
    await refreshView(models.pool, "vue_leaderboard_global");
    expect(await ranked()).toBe(0);
  });

  test("[UPKEEP-11] vue_leaderboard_guildes", async () => {
    const guilds = async () =>
      (await rowsOf<{ id: string }>(database.url, "SELECT guilde_id AS id FROM vue_leaderboard_guildes")).map(
        ({ id }) => id,
      );
    await rowsOf(database.url, "UPDATE joueurs SET guilde_id = 'nobody-is-here'");
    await refreshView(models.pool, "vue_leaderboard_guildes");
    expect(await guilds()).toEqual(["nobody-is-here"]);
    await models.rebuild(playerProjector);
    await refreshView(models.pool, "vue_leaderboard_guildes");
    expect(await guilds()).not.toContain("nobody-is-here");
  });
});
