import { describe, expect, test } from "vitest";
import { playerProjector } from "../../projections/player.ts";
import { grandTour } from "../domain/tour/story.ts";
import { CONTRACT } from "./player-contract.ts";
import { toldIn, whileDressed } from "./player-logs.ts";
import { usePlayerStore } from "./player-store.ts";

const store = usePlayerStore();
const TABLES = Object.keys(CONTRACT);

const COLUMNS = `
  SELECT c.column_name || ' ' || CASE udt_name WHEN 'int4' THEN 'integer' WHEN 'int8' THEN 'bigint' WHEN 'bool' THEN 'boolean'
      WHEN 'varchar' THEN format('varchar(%s)', character_maximum_length) ELSE udt_name END
    || CASE is_nullable WHEN 'NO' THEN ' !' ELSE '' END || CASE WHEN column_default IS NOT NULL THEN ' =' ELSE '' END
    || coalesce((SELECT format(' -> %s %s', confrelid::regclass, CASE confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' END)
         FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = conrelid AND conkey = ARRAY[attnum]
         WHERE contype = 'f' AND conrelid = $1::text::regclass AND attname = c.column_name), '') AS text
  FROM information_schema.columns c WHERE table_name = $1::text AND table_schema = 'public'`;

const INDEXES = `
  SELECT i.indisunique AS only, am.amname AS method, pg_get_expr(i.indpred, i.indrelid) AS predicate,
    ARRAY(SELECT pg_get_indexdef(i.indexrelid, n + 1, false) || CASE WHEN i.indoption[n] & 1 = 1 THEN ' DESC' ELSE '' END
          FROM generate_series(0, i.indnkeyatts - 1) AS n) AS keys
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am am ON am.oid = x.relam WHERE i.indrelid = $1::regclass`;

interface Index {
  readonly only: boolean;
  readonly method: string;
  readonly predicate: string | null;
  readonly keys: readonly string[];
}

/** A predicate without what PostgreSQL adds to it. */
function plain(predicate: string): string {
  return predicate
    .replaceAll(/::(text|character varying)(\[\])?/g, "")
    .replaceAll(/[()[\]]/g, "")
    .replaceAll("= ANY ARRAY", "IN ")
    .toLowerCase();
}

/** Whether an index finds what is looked up: by its first keys, of all rows or of the same ones. */
function serves({ only, method, predicate, keys }: Index, lookUp: string): boolean {
  const [, unique, gin, columns = "", where] = /^(unique )?(gin )?\((.*?)\)(?: where (.*))?$/.exec(lookUp) ?? [];
  const wanted = columns.split(", ");
  const first = keys.slice(0, wanted.length).map((key) => key.replaceAll('"', ""));
  if (method !== (gin === undefined ? "btree" : "gin") || first.join() !== wanted.join()) return false;
  if (plain(predicate ?? "") !== plain(where ?? "")) return false;
  return unique === undefined || (only && keys.length === wanted.length);
}

describe("the contract", () => {
  test("[PPLAYER-8] its tables are the projector's", () => {
    expect(TABLES.toSorted()).toEqual(playerProjector.tables.toSorted());
  });

  test.each(TABLES)(
    "[PPLAYER-8] every column of %s has its type, and is required, defaulted and referring as it says",
    async (table) => {
      const { rows } = await store.pool.query<{ text: string }>(COLUMNS, [table]);
      const found = rows.map(({ text }) => text);
      expect(CONTRACT[table]?.columns.filter((column) => !found.includes(column))).toEqual([]);
    },
  );

  test.each(TABLES)("[PPLAYER-8] every look-up of %s is served by an index", async (table) => {
    const { rows } = await store.pool.query<Index>(INDEXES, [table]);
    const unserved = CONTRACT[table]?.lookUps.filter((lookUp) => !rows.some((index) => serves(index, lookUp)));
    expect(unserved).toEqual([]);
  });

  test("[PPLAYER-8] it refuses what its checks exclude", async () => {
    await store.take(toldIn(grandTour().log));
    const refused: readonly (readonly [sqlstate: string, statement: string])[] = [
      ["23514", "UPDATE joueurs SET classe = 'BARDE'"],
      ["23514", `UPDATE joueurs SET "or" = -1`],
      ["22003", `UPDATE joueurs SET "or" = 2147483648`],
      ["23505", "UPDATE joueurs SET username = 'the same'"],
      ["23514", "UPDATE items_inventaire SET quantite = 0"],
      ["23514", "UPDATE items_inventaire SET type_slot = 'POCHE'"],
      ["23505", "UPDATE items_inventaire SET position_slot = 1"],
      ["23514", "UPDATE competences_joueur SET position_barre = 11"],
      ["23514", "UPDATE quetes_joueur SET etat = 'TERMINEE'"],
      ["23514", "UPDATE quetes_joueur SET pourcentage_completion = 101"],
      [
        "23505",
        `INSERT INTO quetes_joueur (quete_joueur_id, joueur_id, quete_id, etat, last_event_sequence, acceptation, nom)
           SELECT gen_random_uuid(), joueur_id, quete_id, 'EN_COURS', 1, 99, nom FROM quetes_joueur WHERE etat = 'ABANDONEE'`,
      ],
      ["23503", "UPDATE sets_equipement SET slot_cou = gen_random_uuid()"],
      ["23503", "UPDATE inventaires SET joueur_id = gen_random_uuid()"],
    ];
    for (const [code, statement] of refused)
      await expect(store.pool.query(statement), statement).rejects.toMatchObject({ code });
  });

  test("[PPLAYER-8] a thing that goes leaves its place empty, and a player that goes takes all that is its own along", async () => {
    await store.take(whileDressed(toldIn(grandTour().log)));
    const worn = "SELECT FROM sets_equipement WHERE slot_arme_principale IS NOT NULL";
    expect((await store.pool.query(worn)).rowCount).toBeGreaterThan(0);
    await store.pool.query("DELETE FROM items_inventaire");
    expect((await store.pool.query(worn)).rowCount).toBe(0);
    await store.pool.query("DELETE FROM joueurs");
    for (const table of TABLES) expect((await store.pool.query(`SELECT FROM ${table}`)).rowCount).toBe(0);
  });
});
