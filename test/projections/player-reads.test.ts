import Fastify, { type FastifyInstance } from "fastify";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import { createBoardReads } from "../../projections/boards-reads.ts";
import { createCachedReads } from "../../projections/cached-reads.ts";
import { rankOf, readBoard } from "../../projections/leaderboard.ts";
import { type Reader, readItems, readLevels, readQuests, searchPlayers } from "../../projections/player-queries.ts";
import { refreshView } from "../../projections/views.ts";
import type { Principal } from "../../rooms/principal.ts";
import { createDoor } from "../../server/http.ts";
import { createMetrics } from "../../server/metrics.ts";
import { leaderboardReads } from "../../server/routes/leaderboard-reads.ts";
import { playerReads } from "../../server/routes/player-reads.ts";
import { grandTour } from "../domain/tour/story.ts";
import { toldIn, whileDressed } from "./player-logs.ts";
import { type Row, rowsOf } from "./player-oracle.ts";
import { usePlayerStore } from "./player-store.ts";

const ADA = "0ada0000-0000-4000-8000-000000000001";
const BEL = "0be10000-0000-4000-8000-000000000001";
const DOV = "0d0f0000-0000-4000-8000-000000000001";
const NOBODY = "ffffffff-0000-4000-8000-000000000000";

const store = usePlayerStore();
let api: FastifyInstance;
let tour: StoredEvent[];
let rows: ReturnType<typeof rowsOf>;

beforeAll(() => {
  tour = toldIn(grandTour().log);
  rows = rowsOf(tour);
  api = Fastify();
  /** A token is a role and whose it is. */
  const authenticate = async (token: string | undefined): Promise<Principal | undefined> => {
    const [role, userId = NOBODY] = token?.split(" ") ?? [];
    return role === undefined ? undefined : { role: role as Principal["role"], userId, tenantId: "tests" };
  };
  const door = createDoor(authenticate, createMetrics());
  playerReads(api, door, store.pool, createCachedReads(store.pool, undefined));
  leaderboardReads(api, door, createBoardReads(store.pool, undefined));
});
beforeEach(() => store.take(tour));

interface Got {
  readonly status: number;
  readonly etag: string;
  readonly body: Record<string, unknown> & { readonly items: readonly Row[]; readonly next?: string };
}

async function get(url: string, token: string, headers: Record<string, string> = {}): Promise<Got> {
  const answer = await api.inject({ url, headers: { authorization: `Bearer ${token}`, ...headers } });
  const body = answer.body === "" ? { items: [] } : (answer.json() as Got["body"]);
  return { status: answer.statusCode, etag: String(answer.headers["etag"]), body };
}

/** All of a list, page by page. */
async function all(path: string, token: string, limit: number): Promise<readonly Row[]> {
  const items: Row[] = [];
  let after = "";
  for (;;) {
    const { status, body } = await get(`${path}${path.includes("?") ? "&" : "?"}limit=${limit}${after}`, token);
    expect([status, body.items.length <= limit]).toEqual([200, true]);
    items.push(...body.items);
    if (body.next === undefined) return items;
    after = `&after=${body.next}`;
  }
}

const ownRows = (table: string, joueurId: string) => rows[table]?.filter((row) => row["joueur_id"] === joueurId) ?? [];

describe("a player's own", () => {
  test.each([1, 7, 100])("[PPLAYER-9] lists are whole and in their order, %i at a time", async (limit) => {
    const items = await all(`/players/${DOV}/inventory`, `joueur ${DOV}`, limit);
    const things = ownRows("items_inventaire", DOV);
    expect(items.map((one) => one["position"])).toEqual(things.map((_, position) => position));
    expect(new Set(items.map((one) => one["slotId"]))).toEqual(new Set(things.map((row) => row["slot_id"])));

    const quests = await all(`/players/${ADA}/quests`, `joueur ${ADA}`, limit);
    expect(quests.map((one) => one["queteJoueurId"]).toSorted()).toEqual(
      ownRows("quetes_joueur", ADA)
        .map((row) => row["quete_joueur_id"])
        .toSorted(),
    );
    const times = quests.map((one) => String(one["accepteeA"]));
    expect(times).toEqual(times.toSorted().toReversed());

    const skills = await all(`/players/${ADA}/skills`, `joueur ${ADA}`, limit);
    expect(skills).toHaveLength(ownRows("competences_joueur", ADA).length);
    const levels = await all(`/players/${ADA}/levels`, `joueur ${ADA}`, limit);
    expect(levels.map((one) => one["niveau"])).toEqual(levels.map((_, n) => levels.length + 1 - n));
  });

  test("[PPLAYER-9] quests are listed by their state, equipment by its places", async () => {
    for (const etat of ["EN_COURS", "COMPLETE", "ECHOUEE", "ABANDONEE"]) {
      const quests = await all(`/players/${ADA}/quests?etat=${etat}`, `joueur ${ADA}`, 2);
      const inState = ownRows("quetes_joueur", ADA).filter((row) => row["etat"] === etat);
      expect([etat, quests.length]).toEqual([etat, inState.length]);
    }
    const dressed = whileDressed(tour);
    await store.pool.query("DELETE FROM joueurs");
    await store.take(dressed);
    const set = rowsOf(dressed)["sets_equipement"]?.find((row) => row["joueur_id"] === ADA);
    const { body } = await get(`/players/${ADA}/equipment`, "admin");
    const places = body["emplacements"] as Record<string, { slotId: string; nom: string } | null>;
    expect(Object.keys(places)).toHaveLength(13);
    for (const [place, piece] of Object.entries(places))
      expect([place, piece?.slotId ?? null]).toEqual([place, set?.[`slot_${place.toLowerCase()}`]]);
    expect(Object.values(places).some((piece) => piece !== null && piece.nom.length > 0)).toBe(true);
  });

  test("[PPLAYER-10] they are for the player and for operators", async () => {
    for (const list of ["inventory", "equipment", "skills", "quests", "levels"]) {
      const statuses = await Promise.all(
        [
          [`/players/${ADA}/${list}`, `joueur ${ADA}`],
          [`/players/${ADA}/${list}`, "admin"],
          [`/players/${ADA}/${list}`, `joueur ${BEL}`],
          [`/players/${ADA}/${list}`, "service"],
          [`/players/${ADA.toUpperCase()}/${list}`, `joueur ${ADA}`],
          [`/players/${NOBODY}/${list}`, "admin"],
          ["/players/nobody/".concat(list), "admin"],
          [`/players/${ADA}/${list}?limit=0`, "admin"],
          [`/players/${ADA}/${list}?limit=1e9`, "admin"],
          [`/players/${ADA}/${list}?after=nonsense`, "admin"],
          [`/players/${ADA}/${list}?after=${Buffer.from('{"a":1}').toString("base64url")}`, "admin"],
          [`/players/${ADA}/${list}?sql=1`, "admin"],
        ].map(async ([url = "", token = ""]) => (await get(url, token)).status),
      );
      expect([list, ...statuses]).toEqual([list, 200, 200, 403, 403, 200, 404, 400, 400, 400, 400, 400, 400]);
    }
  });

  test("[PPLAYER-11] what the caller has already is not sent again, until an event of its streams was taken", async () => {
    const skills = `/players/${ADA}/skills`;
    const { etag } = await get(skills, "admin");
    expect(etag).toMatch(/^"\d+"$/);
    const known = { "if-none-match": `"1", W/${etag}` };
    expect(await get(skills, "admin", known)).toMatchObject({ status: 304, etag, body: { items: [] } });
    const last = tour.at(-1) as StoredEvent;
    const next = (
      eventType: string,
      aggregateType: "Joueur" | "Competence",
      payload: object,
      n: number,
    ): StoredEvent => ({
      ...{ ...last, eventType, aggregateType, sequence: last.sequence + n },
      payload: { joueurId: ADA, ...payload },
    });
    await store.take([next("OrModifie", "Joueur", { delta: 1, solde: 1, raison: "AUTRE", reference: "x" }, 1)]);
    expect((await get(skills, "admin", known)).status).toBe(304);
    const competenceId = String(ownRows("competences_joueur", ADA)[0]?.["competence_id"]);
    const echeance = "2026-12-31T00:00:00.000Z";
    await store.take([next("CooldownDemarre", "Competence", { competenceId, echeance }, 2)]);
    const after = await get(skills, "admin", known);
    expect(after).toMatchObject({ status: 200, etag: `"${last.sequence + 2}"` });
    expect(after.body.items.find((one) => one["competenceId"] === competenceId)).toMatchObject({ echeance });
  });
});

/** Players out of nothing: more than a page of them. */
async function crowd(count: number): Promise<void> {
  await store.pool.query("DELETE FROM joueurs");
  await store.pool.query(
    `INSERT INTO joueurs (joueur_id, username, pseudo, classe, niveau, experience, experience_prochain_niveau, statistiques_jeu,
         derniere_connexion, last_event_sequence, pseudo_recherche)
       SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'user' || n, (ARRAY['Éa_', 'eA%', 'zoé', 'Zoe'])[n % 4 + 1] || n,
         'MAGE', n % 7 + 1, n % 3, 100, jsonb_build_object('score_arene', n * 37 % 101),
         now() - make_interval(days => CASE WHEN n % 10 = 0 THEN 31 ELSE 1 END), 1,
         (ARRAY['ea_', 'ea%', 'zoe', 'zoe'])[n % 4 + 1] || n FROM generate_series(1, $1) AS n`,
    [count],
  );
}

describe("everybody", () => {
  test("[PPLAYER-12] players are found by how their pseudo begins, with what everybody may know of them", async () => {
    await crowd(60);
    const names = async (search: string, limit: number) =>
      (await all(`/players?search=${encodeURIComponent(search)}`, "spectateur", limit)).map((one) =>
        String(one["pseudo"]),
      );
    expect(await names("ZO", 4)).toHaveLength(30);
    expect(await names("zoé1", 2)).toEqual(["zoé10", "Zoe11", "zoé14", "Zoe15", "zoé18", "Zoe19"]);
    expect(await names("ea%", 100)).toHaveLength(15);
    expect(await names("éA_", 3)).toHaveLength(15);
    expect(await names("a%", 3)).toEqual([]);
    const everybody = await names("", 7);
    expect(everybody).toHaveLength(60);
    expect(new Set(everybody).size).toBe(60);
    const [one] = (await get("/players?limit=1", "joueur")).body.items;
    expect(Object.keys(one ?? {}).toSorted()).toEqual(["classe", "guildeNom", "joueurId", "niveau", "pseudo", "titre"]);
  });

  test("[PPLAYER-13] rankings are paged from the top and around a player, as of the last refresh", async () => {
    await crowd(60);
    expect(await refreshView(store.pool, "vue_leaderboard_global")).toBe(true);
    const { rows: seen } = await store.pool.query<Row>(
      "SELECT * FROM joueurs WHERE derniere_connexion > now() - interval '30 days'",
    );
    const by = (key: (row: Row) => readonly number[]) =>
      seen
        .toSorted((one, other) => {
          const [mine, theirs] = [key(one), key(other)];
          const n = mine.findIndex((value, at) => value !== theirs[at]);
          if (n >= 0) return (theirs[n] ?? 0) - (mine[n] ?? 0);
          return String(one["joueur_id"]) < String(other["joueur_id"]) ? -1 : 1;
        })
        .map((row) => row["joueur_id"]);
    const score = (row: Row) => (row["statistiques_jeu"] as { score_arene: number }).score_arene;
    const boards = {
      level: by((row) => [Number(row["niveau"]), Number(row["experience"])]),
      arena: by((row) => [score(row)]),
    };
    for (const [board, ids] of Object.entries(boards)) {
      expect(ids).toHaveLength(54);
      const listed = await all(`/leaderboards/${board}`, "spectateur", 10);
      expect(listed.map((one) => [one["rang"], one["joueurId"]])).toEqual(ids.map((id, n) => [n + 1, id]));
      const around = async (n: number, limit: number) =>
        (await get(`/leaderboards/${board}?around=${ids[n]}&limit=${limit}`, "joueur")).body.items.map(
          (one) => one["rang"],
        );
      expect(await around(20, 5)).toEqual([19, 20, 21, 22, 23]);
      expect(await around(20, 1)).toEqual([21]);
      expect(await around(0, 5)).toEqual([1, 2, 3, 4, 5]);
      expect(await around(53, 5)).toEqual([52, 53, 54]);
    }
    const status = async (path: string) => (await get(`/leaderboards/${path}`, "joueur")).status;
    expect(await status(`level?around=${NOBODY}`)).toBe(404);
    expect(await status("wealth")).toBe(404);
    expect(await status("level?around=me")).toBe(400);
    await store.pool.query("UPDATE joueurs SET niveau = 100 WHERE joueur_id = $1", [boards.level[20]]);
    expect((await get("/leaderboards/level?limit=1", "joueur")).body.items[0]?.["joueurId"]).toBe(boards.level[0]);
    await refreshView(store.pool, "vue_leaderboard_global");
    expect((await get("/leaderboards/level?limit=1", "joueur")).body.items[0]?.["joueurId"]).toBe(boards.level[20]);
  });

  test("[PPLAYER-13] … and of several who refresh them at once one does", async () => {
    const client = await store.pool.connect();
    await client.query("BEGIN");
    await client.query("SELECT refresh_view('vue_leaderboard_global')");
    expect(await refreshView(store.pool, "vue_leaderboard_global")).toBe(false);
    await client.query("ROLLBACK");
    client.release();
  });

  test("[PPLAYER-14] no page is read by a look at everybody", async () => {
    await crowd(5_000);
    await refreshView(store.pool, "vue_leaderboard_global");
    const seen: string[] = [];
    const client = await store.pool.connect();
    const query = client.query.bind(client);
    await query("ANALYZE");
    await query("BEGIN");
    for (const off of ["seqscan", "bitmapscan", "sort"]) await query(`SET LOCAL enable_${off} = off`);
    const explain = async (text: string, values: readonly unknown[]) => {
      const { rows } = await query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`, [...values]);
      seen.push(rows.map((row) => row["QUERY PLAN"]).join("\n"));
      return { rows: [] };
    };
    const reader = { query: explain } as unknown as Reader;
    await searchPlayers(reader, "zo", { limit: 10 });
    await readBoard(reader, "level", { after: 4_000, limit: 10 });
    await readBoard(reader, "arena", { after: 4_000, limit: 10 });
    await rankOf(reader, "level", ADA);
    await readLevels(reader, ADA, { limit: 10 });
    await readQuests(reader, ADA, "COMPLETE", { limit: 10 });
    await readItems(reader, ADA, { limit: 10 });
    await query("ROLLBACK");
    client.release();
    expect(seen).toHaveLength(7);
    expect(seen.filter((plan) => plan.includes("Seq Scan") || plan.includes("Sort Key"))).toEqual([]);
  });
});
