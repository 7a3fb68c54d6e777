import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { ItemDefinition } from "../../domain/catalogue/definitions.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { MarketCommand } from "../../domain/market/commands.ts";
import { economyProjector } from "../../projections/economy.ts";
import { HOURS_KEPT, withTrade } from "../../projections/price-history.ts";
import { buy, cancel, given, ITEM, iso, oid, restingOn, sell, T0, when } from "../domain/market/helper.ts";
import { grandTour } from "../domain/tour/story.ts";
import { useDatabase } from "../support/postgres.ts";
import { definition, type EconomyLog, economyLog } from "./economy-log.ts";
import { economyRows } from "./economy-oracle.ts";
import { take } from "./take.ts";
import { allRows, clear, project, type Rows, share, stored, usePool } from "./world-support.ts";

// Only for machines under load.
vi.setConfig({ testTimeout: 120_000 });

const pool = usePool(useDatabase());
beforeEach(() => clear(pool(), economyProjector));

const sizes = fc.array(fc.constantFrom(1, 2, 3, 7, 20, 500), { minLength: 1, maxLength: 8 });

/** An item's columns as its definition tells them. */
function columnsOf(one: ItemDefinition) {
  return {
    ...{ nom: one.nom, description: one.description, type_item: one.typeItem, rarete: one.rarete },
    ...{ niveau_requis: one.niveauRequis, stats: one.stats, effets: one.effets, valeur_or: one.valeurOr },
    ...{ poids: one.poids, empilable: one.empilable, stack_max: one.stackMax, echangeable: one.echangeable },
    ...{ destructible: one.destructible, icone_url: one.iconeUrl ?? null, recette_craft: one.recetteCraft ?? null },
  };
}

function expected(log: readonly StoredEvent[]): Rows {
  const rows = economyRows(log);
  return {
    ...rows,
    items: (rows["items"] ?? []).map((row) => ({ ...row, ...columnsOf(row["definition"] as ItemDefinition) })),
  };
}

async function rows(): Promise<Rows> {
  return allRows(pool(), economyProjector);
}

describe("[PWORLD-2] whatever batches the log comes in", () => {
  test("[PWORLD-2] the tour leads to the rows of a fold event by event, and again to the same", async () => {
    const { log } = grandTour();
    for (const batches of [[1], [500], [3, 50, 1]]) {
      await project(pool(), economyProjector, log, batches);
      expect(await rows()).toEqual(expected(log));
    }
    expect((await rows())["transactions_economie"]?.length).toBeGreaterThan(0);
  });

  test("[PWORLD-2] so do random markets, in random batches, taken again from anywhere", async () => {
    const statuts = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(economyLog, sizes, sizes, share, async (played, a, b, part) => {
        await clear(pool(), economyProjector);
        const cut = Math.floor(part * played.log.length);
        await project(pool(), economyProjector, played.log.slice(0, cut), b);
        await project(pool(), economyProjector, played.log, a);
        const once = await rows();
        expect(once).toEqual(expected(played.log));
        await project(pool(), economyProjector, played.log.slice(0, cut), b);
        expect(await rows()).toEqual(once);
        await project(pool(), economyProjector, played.log.slice(cut), b);
        await project(pool(), economyProjector, played.log, b);
        expect(await rows()).toEqual(once);
        checkBooks(played, once);
        for (const row of once["ordres_economie"] ?? []) statuts.add(row["statut"]);
      }),
      { numRuns: 25, endOnFailure: true },
    );
    expect([...statuts].toSorted()).toEqual(["ACTIF", "ANNULE", "COMPLETE", "EXPIRE", "PARTIELLEMENT_EXECUTE"]);
  });
});

/** What is open in the table is what rests in the books. */
function checkBooks({ books }: EconomyLog, once: Rows): void {
  const open = (once["ordres_economie"] ?? []).filter(({ statut }) =>
    ["ACTIF", "PARTIELLEMENT_EXECUTE"].includes(String(statut)),
  );
  const resting = books.flatMap((book) => [...restingOn(book, "VENTE"), ...restingOn(book, "ACHAT")]);
  const told = resting.map(({ ordreId, reste }) => [ordreId, reste]).toSorted();
  expect(open.map((row) => [row["ordre_id"], row["quantite_restante"]]).toSorted()).toEqual(told);
}

/** ItemCree, and then what the commands lead to. */
function story(...commands: readonly MarketCommand[]): StoredEvent[] {
  let state = given();
  const events = commands.flatMap((command) => {
    const result = when(state, command);
    state = result.state;
    return result.events;
  });
  return [
    stored({ eventType: "ItemCree", payload: { ...definition, itemId: ITEM } }, 1, T0, "Item"),
    ...events.map((event, at) => stored(event, at + 2, T0)),
  ];
}

async function orders(): Promise<unknown> {
  const { rows: found } = await pool().query(
    "SELECT right(ordre_id::text, 1)::int AS n, statut, quantite_restante AS reste, complete_a FROM ordres_economie ORDER BY 1",
  );
  return found.map((row) => [row.n, row.statut, row.reste, row.complete_a]);
}

test("[PWORLD-4] an order's way: active, partly done, done or given back", async () => {
  const log = story(sell(1, 5, 10), sell(2, 4, 11), buy(3, 7, 11), cancel(2), sell(4, 1, 20));
  await project(pool(), economyProjector, log, [1]);
  expect(await orders()).toEqual([
    [1, "COMPLETE", 0, iso(T0)],
    [2, "ANNULE", 2, null],
    [3, "COMPLETE", 0, iso(T0)],
    [4, "ACTIF", 1, null],
  ]);
});

test("[PWORLD-5] one that was refused has no row, and touches none", async () => {
  const refused = when(given(sell(1, 5, 10)), buy(1, 5, 10, { ordreId: oid(9), joueurId: sell(1, 5, 10).joueurId }));
  expect(refused.events.map(({ payload }) => payload)).toMatchObject([{ raison: "REFUSE" }]);
  const log = story(sell(1, 5, 10));
  await project(pool(), economyProjector, log, [500]);
  for (const ordreId of [oid(9), oid(1)]) {
    const payload = { ...refused.events[0]?.payload, ordreId };
    await take(pool(), economyProjector, [stored({ eventType: "OrdreCancelled", payload }, 100, T0)]);
  }
  expect(await orders()).toEqual([[1, "ACTIF", 5, null]]);
});

test("[PWORLD-6] an order whose item is not there yet is not taken, and once it is there, it is", async () => {
  const [created, ...rest] = story(sell(1, 5, 10));
  await expect(take(pool(), economyProjector, rest)).rejects.toThrow("foreign key");
  expect(await orders()).toEqual([]);
  await take(pool(), economyProjector, created === undefined ? [] : [created]);
  await take(pool(), economyProjector, rest);
  expect(await orders()).toEqual([[1, "ACTIF", 5, null]]);
});

describe("[PWORLD-7] the history of prices", () => {
  const traded = (hour: number, prixUnitaire: number, quantite = 1) => ({
    ...{ quantite, prixUnitaire },
    executeeA: iso(T0 + hour * 3_600_000 + 59_000),
  });

  test("[PWORLD-7] has one entry for each hour with trades", () => {
    const history = [traded(0, 10, 2), traded(0, 12), traded(0, 9), traded(3, 20)].reduce(withTrade, []);
    expect(history).toEqual([
      { debut: iso(T0), ouverture: 10, cloture: 9, min: 9, max: 12, volume: 4, montant: 41, nombre: 3 },
      { debut: iso(T0 + 10_800_000), ouverture: 20, cloture: 20, min: 20, max: 20, volume: 1, montant: 20, nombre: 1 },
    ]);
  });

  test("[PWORLD-7] is bounded, and does not run backwards", () => {
    const hours = Array.from({ length: 500 }, (_, hour) => traded(hour, hour + 1));
    const history = [...hours, traded(3, 7)].reduce(withTrade, []);
    expect(history).toHaveLength(HOURS_KEPT);
    expect(history[0]).toMatchObject({ ouverture: 500 - HOURS_KEPT + 1 });
    expect(history.at(-1)).toMatchObject({ ouverture: 500, cloture: 7, nombre: 2 });
  });
});

describe("[PWORLD-6] what the tables refuse", () => {
  test.each([
    ["UPDATE ordres_economie SET quantite_restante = -1", "quantite_restante"],
    ["UPDATE ordres_economie SET quantite_restante = quantite + 1", "check"],
    ["UPDATE ordres_economie SET statut = 'PERDU'", "check"],
    ["UPDATE ordres_economie SET prix_unitaire = 0", "prix_unitaire"],
    ["UPDATE ordres_economie SET statut = 'COMPLETE', complete_a = NULL", "check"],
    ["UPDATE transactions_economie SET montant_total = montant_total + 1", "check"],
    ["UPDATE transactions_economie SET taxe = -1", "check"],
    ["DELETE FROM ordres_economie", "foreign key"],
    ["DELETE FROM items", "foreign key"],
    ["UPDATE items SET rarete = 'UNIQUE'", "rarete"],
  ])("%s", async (statement, message) => {
    await project(pool(), economyProjector, story(sell(1, 5, 10), buy(2, 5, 10)), [500]);
    await expect(pool().query(statement)).rejects.toThrow(message);
  });
});
