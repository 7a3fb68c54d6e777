import { Room } from "@colyseus/core";
import { beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { ITEM, ZONE } from "../../domain/catalogue/demo/ids.ts";
import type { Answer } from "../../domain/codes.ts";
import type { Principal } from "../../rooms/principal.ts";
import { createRooms, ROOM_NAMES } from "../../server/game.ts";
import { arrive, call, wholeLog } from "../support/adventure.ts";
import { type Fight, startFight, tokenFor } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { joinRoomRaw, PROTOCOL, requestFrame } from "../support/raw-client.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";
import { WIRE } from "../support/wire-commands.ts";

const server = useServerProcess(useDatabase(), { ...FAST, DEMO_WORLD: "true", MALFORMED_FRAMES: "1000" });

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
  { method: "POST", route: "/admin/players/:id/forget", roles: ["admin"], body: {} },
  { method: "GET", route: "/admin/players/:id/forget", roles: ["admin"] },
  { method: "GET", route: "/admin/players/:id/export", roles: ["admin"] },
  { method: "GET", route: "/player/export", roles: ["joueur"] },
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
  const PLAYER = crypto.randomUUID();
  let fight: Fight;
  beforeAll(async () => {
    fight = await startFight(server.apiUrl, { preparationMs: 0 });
  });
  const matchmake = async (role: Role, path: string, options: unknown, userId?: string): Promise<Response> =>
    fetch(`${server.gameUrl.replace("ws:", "http:")}/matchmake/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${await tokenFor(role, userId)}`, "content-type": "application/json" },
      body: JSON.stringify(options),
    });

  interface TestedRoom {
    readonly room: (typeof ROOM_NAMES)[number];
    readonly options: () => Readonly<Record<string, unknown>>;
    /** Who gets in, and who is listened to; the others are told BAD_REQUEST, whatever they say. */
    readonly roles: readonly Role[];
    readonly heard: readonly Role[];
    readonly userId?: () => string;
  }
  const joueur: readonly Role[] = ["joueur"];
  const WATCHING: readonly Role[] = ["joueur", "spectateur", "admin"];
  const ROOMS: readonly TestedRoom[] = [
    { room: "player", options: () => ({}), roles: joueur, heard: joueur },
    { room: "player", options: () => ({ joueurId: ME }), roles: joueur, heard: joueur },
    { room: "market", options: () => ({ itemId: ITEM.potionDeSoin }), roles: joueur, heard: joueur },
    { room: "world", options: () => ({ zoneId: ZONE.bourgClochette }), roles: EVERYONE, heard: joueur },
    { room: "matchmaking", options: () => ({ mode: "1V1" }), roles: joueur, heard: joueur },
    {
      room: "spectate",
      options: () => ({ combatId: fight.combatId, replay: true }),
      roles: WATCHING,
      heard: WATCHING,
    },
    {
      room: "combat",
      options: () => ({ combatId: fight.combatId }),
      roles: joueur,
      heard: joueur,
      userId: () => fight.alix,
    },
  ];

  test("[DOOR-4] the tables know every room, and every message that one takes", () => {
    const services = { telemetry: {}, spectate: {}, matchmaking: {} };
    const rooms = createRooms({} as never, services as never);
    expect(new Set(ROOMS.map(({ room }) => room))).toEqual(new Set(ROOM_NAMES));
    expect(Object.keys(rooms).sort()).toEqual([...ROOM_NAMES].sort());
    for (const name of ROOM_NAMES)
      expect(Object.keys(WIRE[name] ?? {}).sort(), name).toEqual([...rooms[name].room.messageTypes].sort());
  });

  const CELLS = ROOMS.flatMap((one) => ROLES.map((role) => ({ ...one, role })));
  test.each(CELLS)("[ROLE-1] $role joins $room, and says each thing that it takes", async (cell) => {
    const { room, options, roles, heard, role, userId = () => PLAYER } = cell;
    if (!roles.includes(role)) {
      const refused = await matchmake(role, `joinOrCreate/${room}`, options(), userId());
      // Who takes part in a combat is known in its room alone: a seat is given, and taken back.
      if (room !== "combat") expect(refused.status).toBe(403);
      else
        await expect(joinRoomRaw(server.gameUrl, room, options(), userId(), { role })).rejects.toThrow(
          /closed|no seat/,
        );
      return;
    }
    const client = await joinRoomRaw(server.gameUrl, room, options(), userId(), { role });
    for (const message of Object.values(WIRE[room] ?? {})) {
      const answer = (await client.request({ commandId: crypto.randomUUID(), ...message })) as Answer;
      const code = answer.ok ? "OK" : answer.code;
      if (heard.includes(role)) expect(["BAD_REQUEST", "FORBIDDEN"], JSON.stringify(message)).not.toContain(code);
      else expect(code, JSON.stringify(message)).toBe("BAD_REQUEST");
    }
    client.destroy();
  });

  test.each(ROOMS)(
    "[ROLE-2] $room is not joined without a token, or with one of nobody's",
    async ({ room, options }) => {
      for (const authorization of [undefined, "Bearer nonsense"]) {
        const headers = { "content-type": "application/json", ...(authorization !== undefined && { authorization }) };
        const url = `${server.gameUrl.replace("ws:", "http:")}/matchmake/joinOrCreate/${room}`;
        expect((await fetch(url, { method: "POST", headers, body: JSON.stringify(options()) })).status).toBe(401);
      }
    },
  );

  test("[DOOR-5] a client asks for the room of what it may see, and by no other way for any other", async () => {
    const { combatId, alix } = fight;
    const rooms = () => server.metric("aether_rooms");
    const client = await joinRoomRaw(server.gameUrl, "combat", { combatId }, alix);
    // Rooms that clients were torn out of are gone in a moment.
    await expect.poll(rooms).toBe(1);
    const faults = await server.metric("aether_faults_total");
    const methods = ["create", "join", "joinById", "reconnect", "getAvailableRooms", "query", "findOneRoomAvailable"];
    for (const method of [...methods, "remoteRoomCall", "seatReservation", "", "__proto__", "constructor", "toString"])
      for (const room of ["combat", client.roomId])
        expect(
          (await matchmake("joueur", `${method}/${room}`, { combatId }, alix)).status,
          method,
        ).toBeGreaterThanOrEqual(400);
    for (const room of [
      "lobby",
      "relay",
      "queue",
      "ranked",
      "$",
      "__proto__",
      "constructor",
      "toString",
      client.roomId,
    ])
      expect((await matchmake("admin", `joinOrCreate/${room}`, { combatId })).status, room).toBeGreaterThanOrEqual(400);
    expect(await rooms()).toBe(1);
    expect(await server.metric("aether_faults_total")).toBe(faults);
    client.destroy();
  });

  test("[DOOR-5] options of a client's own make no room of another kind, and change none", async () => {
    const { combatId, alix, bruno } = fight;
    const foreign = {
      ...{
        maxClients: 1,
        private: true,
        locked: true,
        unlisted: true,
        autoDispose: false,
        patchRate: 1,
        roomId: "mine",
      },
      ...{ sessionId: "mine", metadata: { mine: true }, processId: "mine", publicAddress: "example.org", onAuth: true },
      ...{ reconnectionToken: "mine", auth: { role: "admin", userId: bruno }, role: "admin", userId: bruno, state: {} },
      ...{ constructor: { prototype: { role: "admin" } }, watch: "{}", mondeId: "x", seatReservationTimeout: 99_999 },
    };
    const first = await joinRoomRaw(server.gameUrl, "combat", { ...foreign, combatId }, alix);
    const second = await joinRoomRaw(server.gameUrl, "combat", { combatId }, bruno);
    expect(first.roomId).not.toBe("mine");
    expect(second.roomId).toBe(first.roomId);
    const body = JSON.stringify({ itemId: ITEM.potionDeSoin }).replace("{", '{"__proto__":{"role":"admin"},');
    const odd = await fetch(`${server.gameUrl.replace("ws:", "http:")}/matchmake/joinOrCreate/market`, {
      method: "POST",
      headers: { authorization: `Bearer ${await tokenFor("spectateur")}`, "content-type": "application/json" },
      body,
    });
    expect(odd.status).toBe(403);
    for (const one of [first, second]) one.destroy();
  });

  test("[DOOR-5] a seat is taken once, by whoever was given it", async () => {
    const { combatId, alix } = fight;
    const seat = (await (await matchmake("joueur", "joinOrCreate/combat", { combatId }, alix)).json()) as {
      processId: string;
      roomId: string;
      sessionId: string;
    };
    const open = (query: string) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${server.gameUrl}/${seat.processId}/${seat.roomId}?${query}`);
        let joined = false;
        socket.on("message", (frame: Buffer) => {
          if (frame[0] !== PROTOCOL.JOIN) return;
          joined = true;
          socket.close();
        });
        socket.on("error", () => resolve(0));
        socket.on("close", (code) => resolve(joined ? 200 : code));
      });
    for (const query of [
      "",
      "sessionId=",
      "sessionId=mine",
      "sessionId=__proto__",
      "reconnectionToken=mine",
      "sessionId=constructor",
    ])
      expect(await open(query), query).not.toBe(200);
    const mine = `sessionId=${seat.sessionId}`;
    expect(await open(mine)).toBe(200);
    expect(await open(mine)).not.toBe(200);
    expect(await open(`${mine}&reconnectionToken=${seat.sessionId}`)).not.toBe(200);
  });

  test("[DOOR-6] nothing of a room is called by its name: what is no command is refused, and counted", async () => {
    const { combatId, alix } = fight;
    const client = await joinRoomRaw(server.gameUrl, "combat", { combatId }, alix);
    const prototypes = [Room.prototype, Object.getPrototypeOf(Room.prototype) as object, Object.prototype];
    const names = [...new Set(prototypes.flatMap((one) => Object.getOwnPropertyNames(one)))];
    const refused = () => server.metric("aether_refused_total", 'code="BAD_REQUEST"');
    const counted = await refused();
    for (const name of names) {
      client.send(requestFrame(1, name, { name }));
      expect(await client.request({ commandId: crypto.randomUUID(), type: name })).toMatchObject({
        code: "BAD_REQUEST",
      });
    }
    client.send(
      requestFrame(1, 0, {}),
      Buffer.from([PROTOCOL.DATA, 0]),
      Buffer.from([PROTOCOL.STATE]),
      Buffer.from([99]),
    );
    expect(await client.roundTrip()).toBe(true);
    expect(names).toContain("disconnect");
    expect(await refused()).toBe(counted + 2 * names.length + 4);
    client.destroy();
  });

  const PAGES_OF_COLYSEUS = [
    "",
    "__healthcheck",
    "__apidoc",
    "api/reference",
    "colyseus",
    "monitor",
    "playground",
    "auth",
  ];
  test("[DOOR-7] the game port shows no page, listing or figure, to nobody", async () => {
    const url = server.gameUrl.replace("ws:", "http:");
    for (const path of [
      ...PAGES_OF_COLYSEUS,
      "metrics",
      "rooms",
      "matchmake",
      "matchmake/",
      "matchmake/combat",
      "docs",
    ])
      for (const role of [undefined, "admin"] as const) {
        const headers = role && { authorization: `Bearer ${await tokenFor(role)}` };
        expect((await fetch(`${url}/${path}`, { ...(headers && { headers }) })).status, path).toBe(404);
      }
    for (const path of [...PAGES_OF_COLYSEUS, "rooms", "matchmake/joinOrCreate/combat"])
      expect((await fetch(`${server.apiUrl}/${path}`)).status, path).toBe(404);
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
