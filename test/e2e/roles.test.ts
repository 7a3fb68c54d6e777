import { describe, expect, test } from "vitest";
import { ITEM, ZONE } from "../../domain/catalogue/demo/ids.ts";
import type { Principal } from "../../rooms/principal.ts";
import { arrive, call, wholeLog } from "../support/adventure.ts";
import { startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const server = useServerProcess(useDatabase(), { ...FAST, DEMO_WORLD: "true" });

type Role = Principal["role"];
const ROLES: readonly Role[] = ["joueur", "spectateur", "service", "auteur", "admin"];
const EVERYONE = ROLES;
const AUTHORS: readonly Role[] = ["auteur", "admin"];
const ME = crypto.randomUUID();

interface TestedDoor {
  readonly method: string;
  /** As the route is written; `:id` is filled in. */
  readonly route: string;
  readonly id?: string;
  readonly roles: readonly Role[];
  readonly body?: unknown;
}

const KINDS = ["/items", "/skills", "/quests", "/npcs"];
const PAGES = ["inventory", "equipment", "skills", "quests", "levels"];
const VIEWERS: readonly Role[] = ["joueur", "spectateur", "service", "admin"];
/** Bodies are of no command: whoever gets through is told so, and nothing is changed. */
const DOORS: readonly TestedDoor[] = [
  { method: "POST", route: "/auth/claim", roles: ["joueur"], body: {} },
  { method: "GET", route: "/admin/audit", roles: ["admin"] },
  { method: "POST", route: "/combat/start", roles: ["service", "admin"], body: {} },
  { method: "POST", route: "/combat/action", roles: ["joueur"], body: {} },
  { method: "POST", route: "/players/:id/commands", id: ME, roles: ["joueur", "admin"], body: {} },
  { method: "GET", route: "/player/profile", roles: ["joueur"] },
  { method: "GET", route: "/players/:id", id: ME, roles: EVERYONE },
  ...KINDS.flatMap((path): TestedDoor[] => [
    { method: "GET", route: path, roles: EVERYONE },
    { method: "GET", route: `${path}/:id`, roles: EVERYONE },
    { method: "POST", route: path, roles: AUTHORS, body: {} },
    { method: "PATCH", route: `${path}/:id`, roles: AUTHORS, body: {} },
  ]),
  { method: "DELETE", route: "/items/:id", roles: AUTHORS, body: {} },
  { method: "POST", route: "/market/sell", roles: ["joueur"], body: {} },
  { method: "POST", route: "/market/buy", roles: ["joueur"], body: {} },
  { method: "DELETE", route: "/market/orders/:id", roles: ["joueur"], body: {} },
  { method: "GET", route: "/market/items/:id/book", roles: EVERYONE },
  { method: "GET", route: "/market/items/:id/prices", roles: EVERYONE },
  { method: "GET", route: "/market/items/:id/transactions", roles: EVERYONE },
  { method: "GET", route: "/market/orders", roles: ["joueur"] },
  { method: "POST", route: "/matchmaking/tickets", roles: ["joueur", "service"], body: {} },
  { method: "GET", route: "/matchmaking/tickets", roles: ["joueur"] },
  { method: "GET", route: "/matchmaking/tickets/:id", roles: ["joueur", "service", "admin"] },
  { method: "DELETE", route: "/matchmaking/tickets/:id", roles: ["joueur", "service"], body: {} },
  { method: "POST", route: "/matchmaking/matches", roles: ["service"], body: {} },
  { method: "GET", route: "/matchmaking/matches/:id", roles: ["service", "admin"] },
  { method: "POST", route: "/matchmaking/matches/:id/answer", roles: ["joueur", "service"], body: {} },
  { method: "GET", route: "/combats", roles: EVERYONE },
  { method: "GET", route: "/combat/:id", roles: VIEWERS },
  { method: "GET", route: "/combat/:id/history", roles: VIEWERS },
  { method: "GET", route: "/combat/:id/actions", roles: VIEWERS },
  { method: "GET", route: "/players", roles: EVERYONE },
  { method: "GET", route: "/players/:id/statistics", roles: EVERYONE },
  ...PAGES.map(
    (page): TestedDoor => ({ method: "GET", route: `/players/:id/${page}`, id: ME, roles: ["joueur", "admin"] }),
  ),
  { method: "GET", route: "/leaderboards/:board", id: "level", roles: EVERYONE },
  { method: "GET", route: "/world/history", roles: EVERYONE },
  { method: "GET", route: "/world", roles: EVERYONE },
  { method: "POST", route: "/world/commands", roles: ["admin"], body: {} },
  { method: "GET", route: "/events", roles: ["admin"] },
  { method: "GET", route: "/events/:id", roles: ["admin"] },
  { method: "GET", route: "/events/:id/causes", roles: ["admin"] },
  { method: "GET", route: "/events/:id/effects", roles: ["admin"] },
  { method: "GET", route: "/aggregates/:type", roles: ["admin"] },
  { method: "GET", route: "/aggregates/:type/:id", roles: ["admin"] },
  { method: "GET", route: "/admin/event-types", roles: ["admin"] },
  { method: "GET", route: "/graphql", roles: EVERYONE },
  { method: "POST", route: "/graphql", roles: EVERYONE, body: {} },
  { method: "GET", route: "/admin/projections", roles: ["admin"] },
  { method: "POST", route: "/admin/projections/:name/rebuild", id: "nobody", roles: ["admin"], body: {} },
  { method: "DELETE", route: "/admin/projections/:name/rebuild", id: "nobody", roles: ["admin"], body: {} },
  { method: "GET", route: "/admin/upkeep", roles: ["admin"] },
  { method: "POST", route: "/admin/upkeep/:task/run", id: "nobody", roles: ["admin"], body: {} },
  { method: "POST", route: "/admin/players/:id/ban", roles: ["admin"], body: {} },
  { method: "DELETE", route: "/admin/players/:id/ban", roles: ["admin"], body: {} },
  { method: "GET", route: "/admin/nodes", roles: ["admin"] },
  { method: "POST", route: "/admin/nodes/:id/drain", roles: ["admin"], body: {} },
  { method: "DELETE", route: "/admin/nodes/:id/drain", roles: ["admin"], body: {} },
  { method: "POST", route: "/admin/rooms/:id/move", roles: ["admin"], body: {} },
  { method: "GET", route: "/admin/dead-letters", roles: ["admin"] },
  { method: "POST", route: "/admin/dead-letters/:id/retry", id: "nobody:1", roles: ["admin"], body: {} },
  { method: "POST", route: "/admin/dead-letters/:id/discard", id: "nobody:1", roles: ["admin"], body: {} },
];
const OPEN = ["/healthz", "/readyz", "/metrics"];
/** For whoever has no token yet. */
const ENTRIES = ["register", "guest", "login", "refresh", "logout"].map((call) => `/auth/${call}`);
const pathOf = ({ route, id = crypto.randomUUID() }: TestedDoor): string =>
  route.replace(":type", "Combat").replace(/:(id|board|name|task)/, id);

describe("REST", () => {
  test("[ROLE-1] the table knows every route that there is, and the document says who may", async () => {
    const { paths } = (await (await fetch(`${server.apiUrl}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { "x-roles"?: string[] }>>;
    };
    const found = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, call]) => ({
        route: `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`,
        roles: call["x-roles"],
      })),
    );
    const known = [
      ...DOORS.map(({ method, route, roles }) => ({ route: `${method} ${route}`, roles: [...roles] })),
      ...OPEN.map((path) => ({ route: `GET ${path}`, roles: undefined })),
      ...ENTRIES.map((path) => ({ route: `POST ${path}`, roles: undefined })),
    ];
    const sorted = <One extends { route: string }>(all: One[]) => all.sort((a, b) => (a.route < b.route ? -1 : 1));
    expect(sorted(found)).toEqual(sorted(known));
  });

  describe.each(ROLES)("%s", (role) => {
    test.each(DOORS)("[ROLE-1] $method $route", async (door) => {
      const before = await wholeLog(server.apiUrl);
      const { method, body } = door;
      const answer = await call(server.apiUrl, pathOf(door), role, { method, body, userId: ME });
      if (door.roles.includes(role)) {
        expect([200, 400, 404, 409]).toContain(answer.status);
      } else {
        expect([answer.status, answer.body["code"]]).toEqual([403, "FORBIDDEN"]);
      }
      const own = (await wholeLog(server.apiUrl)).slice(before.length).filter((one) => one.metadata.userId === ME);
      expect(own).toEqual([]);
    });
  });

  test.each(DOORS)("[ROLE-2] $method $route without a token, and with one of nobody's", async (door) => {
    const { method, body } = door;
    for (const authorization of [undefined, "Bearer nonsense"]) {
      const response = await fetch(`${server.apiUrl}${pathOf(door)}`, {
        method,
        headers: {
          ...(authorization === undefined ? {} : { authorization }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      expect(response.status).toBe(401);
    }
  });

  test.each(ENTRIES)("[ROLE-2] %s is for whoever comes, and no token makes it another's", async (path) => {
    for (const role of [undefined, ...ROLES]) {
      const headers = role && { authorization: `Bearer ${await tokenFor(role)}` };
      const body = JSON.stringify({ role: "admin" });
      const init = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body };
      expect((await fetch(`${server.apiUrl}${path}`, init)).status, role).toBe(400);
    }
  });

  test("[ROLE-2] probes and metrics are open; the door for nodes is shut to everybody else", async () => {
    for (const path of OPEN) expect((await fetch(`${server.apiUrl}${path}`)).status).toBe(200);
    for (const role of ROLES) {
      const { PEER_PATH } = await import("../../server/peers.ts");
      const envelope = { commandId: crypto.randomUUID(), command: { type: "ModifierOr", delta: 1 } };
      const body = { type: "Joueur", id: ME, envelope };
      expect((await call(server.apiUrl, PEER_PATH, role, { method: "POST", body })).status).toBe(401);
    }
  });

  test("[ROLE-1] an operator gives what it may give, and does nothing in a player's name", async () => {
    const alix = await arrive(server.gameUrl, "MAGE");
    const asAdmin = (path: string, body: unknown) => call(server.apiUrl, path, "admin", { method: "POST", body });
    const gift = { type: "ModifierOr", delta: 5, raison: "CADEAU", reference: "t" };
    expect((await asAdmin(`/players/${alix.id}/commands`, gift)).status).toBe(200);
    const settle = {
      type: "ReglerOrdre",
      ordreId: ME,
      reference: "x",
      or: 5,
      objets: [],
      clos: true,
      motif: "TRANSACTION",
    };
    for (const command of [
      settle,
      { type: "SeDeconnecter", sessionId: "x" },
      { type: "ChangerClasse", classe: "MAGE" },
      { type: "EngagerCombat", combatId: ME, typeCombat: "PVE" },
      { ...gift, delta: 0.5 },
      { ...gift, delta: 1e12 },
      { ...gift, type: ["ModifierOr"] },
    ])
      expect((await asAdmin(`/players/${alix.id}/commands`, command)).status, JSON.stringify(command)).toBe(400);
    for (const command of [
      { type: "PasserHeure" },
      { type: "DecouvrirZone", zoneId: ZONE.boisMurmure, joueurId: ME, pseudo: "x" },
    ])
      expect((await asAdmin("/world/commands", command)).status).toBe(400);
    await alix.session.leave();
  });
});

describe("rooms", () => {
  const join = async (role: Role, room: string, options: object): Promise<number> => {
    const response = await fetch(`${server.gameUrl.replace("ws:", "http:")}/matchmake/joinOrCreate/${room}`, {
      method: "POST",
      headers: { authorization: `Bearer ${await tokenFor(role)}`, "content-type": "application/json" },
      body: JSON.stringify(options),
    });
    return response.status;
  };
  const ROOMS = [
    { room: "player", options: {}, roles: ["joueur"] },
    { room: "player", options: { joueurId: ME }, roles: ["joueur"] },
    { room: "market", options: { itemId: ITEM.potionDeSoin }, roles: ["joueur"] },
    { room: "world", options: {}, roles: EVERYONE },
    { room: "matchmaking", options: { mode: "1V1" }, roles: ["joueur"] },
  ];
  test.each(ROOMS.flatMap((one) => ROLES.map((role) => ({ ...one, role }))))(
    "[ROLE-1] $role joins $room",
    async ({ room, options, roles, role }) => {
      expect(await join(role, room, options)).toBe(roles.includes(role) ? 200 : 403);
    },
  );

  test("[ROLE-1] who watches the world can do nothing in it", async () => {
    const { AetherClient } = await import("../../client/client.ts");
    for (const role of ROLES.filter((one) => one !== "joueur")) {
      const client = new AetherClient({ url: server.gameUrl, token: await tokenFor(role) });
      const world = await client.joinWorld({ zoneId: ZONE.bourgClochette });
      for (const command of [
        { type: "DecouvrirZone", zoneId: ZONE.bourgClochette },
        { type: "Parler", texte: "hello" },
      ] as const)
        expect(await world.command(command)).toMatchObject({ ok: false, code: "BAD_REQUEST" });
      await world.leave();
    }
  });

  test("[ROLE-1] a combat is watched by those who play or watch, and by operators", async () => {
    const { combatId } = await startFight(server.apiUrl);
    for (const role of ROLES)
      expect(await join(role, "spectate", { combatId }), role).toBe(
        ["joueur", "spectateur", "admin"].includes(role) ? 200 : 403,
      );
  });

  test("[ROLE-1] a combat's room is its players'", async () => {
    const { combatId } = await startFight(server.apiUrl);
    const { AetherClient } = await import("../../client/client.ts");
    for (const role of ROLES) {
      const client = new AetherClient({ url: server.gameUrl, token: await tokenFor(role) });
      await expect(client.joinCombat(combatId), role).rejects.toMatchObject({ code: 403 });
    }
  });
});
