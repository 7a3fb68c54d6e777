import { describe, expect, test } from "vitest";
import { ROLES, readConfig } from "../../server/config.ts";
import { arrive, call, sagasDone } from "../support/adventure.ts";
import { type TestCluster, useCluster } from "../support/cluster.ts";
import { isTurnOf, joinAs, post, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { scrape } from "../support/scrape.ts";

const NAMES = ["game-1", "api-1", "projector-1"] as const;

/** Of one node: aggregates that run there, and read models and sagas that it keeps going. */
async function workOf(cluster: TestCluster, name: string): Promise<{ actors: number; consumers: number }> {
  const found = await scrape(cluster.process(name).apiUrl ?? "");
  return { actors: found.sum("aether_actors"), consumers: found.sum("aether_consumer_state", 'state="working"') };
}

describe("with all roles", () => {
  const cluster = useCluster(useDatabase(), { games: 1, projectors: 1 });

  test("[NODE-8] each node does what its role is, and what comes through one reaches the others", async () => {
    const alix = await arrive(cluster.gameUrl, "MAGE");
    const fight = await startFight(cluster.apiUrl);
    const session = await joinAs(cluster.gameUrl, fight.combatId, fight.alix);
    const other = await joinAs(cluster.gameUrl, fight.combatId, fight.bruno);
    const state = await session.until((s) => isTurnOf(s, fight.alix) || isTurnOf(s, fight.bruno));
    const active = isTurnOf(state, fight.alix) ? fight.alix : fight.bruno;
    const action = { combatId: fight.combatId, type: "ExecuterAction", typeAction: "DEFENSE" };
    const { status, body } = await post(`${cluster.apiUrl}/combat/action`, "joueur", action, {}, active);
    expect(status).toBe(200);
    await session.until(({ version }) => version >= Number(body["version"]));
    await sagasDone(cluster.apiUrl);
    const profile = await call(cluster.apiUrl, `/player/profile?minSequence=${body["sequence"]}`, "joueur", {
      userId: alix.id,
    });
    expect(profile).toMatchObject({ status: 200, body: { pseudo: "Alix" } });
    expect(await workOf(cluster, "game-1")).toEqual({ actors: expect.any(Number), consumers: 0 });
    expect((await workOf(cluster, "game-1")).actors).toBeGreaterThanOrEqual(2);
    expect(await workOf(cluster, "api-1")).toEqual({ actors: 0, consumers: 0 });
    const projector = await workOf(cluster, "projector-1");
    expect([projector.actors, projector.consumers > 0]).toEqual([0, true]);
    await Promise.all([alix.session, session, other].map((one) => one.leave()));
  });

  test("[NODE-8] probes and metrics are on every node, the API on those that have it, and the game's port on those that run it", async () => {
    for (const name of NAMES) {
      const { apiUrl = "", gameUrl } = cluster.process(name);
      for (const path of ["/healthz", "/readyz", "/metrics"]) expect((await fetch(apiUrl + path)).status).toBe(200);
      expect((await call(apiUrl, "/combats", "admin")).status).toBe(name === "api-1" ? 200 : 404);
      expect(gameUrl === undefined).toBe(name !== "game-1");
    }
  });
});

describe("without a node of the game", () => {
  const cluster = useCluster(useDatabase(), { games: 0, projectors: 0 });

  test("[NODE-8] commands are done all the same, and nothing waits for read models that nobody keeps", async () => {
    const { apiUrl = "" } = cluster.process("api-1");
    const id = crypto.randomUUID();
    const create = { type: "CreerJoueur", username: `u${id.slice(0, 8)}`, pseudo: "Alix", classe: "MAGE" };
    const path = `/players/${id}/commands`;
    expect(await call(apiUrl, path, "joueur", { method: "POST", body: create, userId: id })).toMatchObject({
      status: 200,
      body: { ok: true },
    });
    const fight = await startFight(apiUrl);
    expect((await call(apiUrl, `/events?aggregateId=${fight.combatId}`, "admin")).status).toBe(200);
    expect((await fetch(`${apiUrl}/readyz`)).status).toBe(200);
    expect(await workOf(cluster, "api-1")).toEqual({ actors: 0, consumers: 0 });
  });
});

test("[NODE-8] a node has all roles unless it is told otherwise; what is no role is named", () => {
  expect([...readConfig({}).roles]).toEqual([...ROLES]);
  expect([...readConfig({}, ["--roles", "api,projector"]).roles]).toEqual(["api", "projector"]);
  for (const given of ["", "apy", "game,"]) expect(() => readConfig({}, ["--roles", given])).toThrow("--roles takes");
  expect(() => readConfig({}, ["--rolls", "api"])).toThrow("--rolls");
});
