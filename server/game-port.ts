import { matchMaker, type Room, Server, ServerError, type Transport } from "@colyseus/core";
import type { Logger } from "pino";
import type { Telemetry } from "../rooms/telemetry.ts";
import type { Config } from "./config.ts";
import type { Discovery } from "./discovery.ts";
import { type Guard, GuardedServer, guardUws, textOf } from "./game-http.ts";
import { createGate, type Gate } from "./gate.ts";
import type { SeatAnswer, SeatCall } from "./peers.ts";

/** A larger frame ends its connection before any room sees it; rooms refuse far smaller ones, with a code. */
const MAX_FRAME_BYTES = 64 * 1024;
/** uWebSockets.js leaves out messages to a client that has more than this waiting; rooms act long before. */
const MAX_BACKPRESSURE_BYTES = 16 * 1024 * 1024;

/** A connection that answers nothing for so long is ended, on either transport; one whose bytes wait is told to resync long before. */
const MAX_SILENCE_S = 120;
/** The one of ws ends a connection at the third ping in a row that would go unanswered. */
const UNANSWERED_PINGS = 2;

/** Close code of RFC 6455's registry, for a connection that there is no room for. */
const TRY_AGAIN_LATER = 1013;

export interface GamePort {
  readonly transport: "uws" | "ws";
  /** A seat here, for a client that asked another node. */
  joinHere(call: SeatCall): Promise<SeatAnswer>;
  close(): Promise<void>;
}

export interface PortRoom {
  readonly room: (new () => Room) & {
    aggregateOf?(token: string | undefined, options: Readonly<Record<string, unknown>>): Promise<string | undefined>;
  };
  /** The join option that names what the room shows. */
  readonly key: string;
}

/** The other nodes of the game. */
export interface Elsewhere {
  /** A seat on the node that runs this aggregate; undefined: it is to be run here. Rejects when nobody knows. */
  joinElsewhere(aggregateId: string, call: SeatCall): Promise<SeatAnswer | undefined>;
  /** Undefined: there is no Redis, and rooms are known to their own node. */
  readonly discovery?: Discovery | undefined;
  readonly telemetry: Telemetry;
  /** Counts one more join from an address, if it fits: 0; otherwise ms until it does. */
  readonly addressWaitMs?: Guard["addressWaitMs"];
}

/** The WebSocket side: Colyseus on uWebSockets.js, or on ws where the binaries do not load. */
export async function listenGamePort(
  config: Config,
  port: number,
  rooms: Readonly<Record<string, PortRoom>>,
  log: Logger,
  elsewhere?: Elsewhere,
): Promise<GamePort> {
  const gate = createGate(config);
  const { transport, name } = await createTransport(config, log, {
    gate,
    addressWaitMs: elsewhere?.addressWaitMs ?? (() => 0),
    refused: (code) => elsewhere?.telemetry.refused(code),
  });
  tellOrigins(gate);
  // Nobody creates a room by other means than asking for the aggregate that it shows.
  matchMaker.controller.exposedMethods = ["joinOrCreate"];
  // Which nodes live, the database knows; to ask each other costs seconds, and takes the listings of those that are slow to answer.
  matchMaker.setHealthChecksEnabled(false);
  const server = new Server({
    ...{ transport, greet: false, gracefullyShutdown: false, logger: colyseusLogger(log) },
    selectProcessIdToCreateRoom: async () => matchMaker.processId,
    ...(elsewhere?.discovery !== undefined && {
      presence: elsewhere.discovery.presence,
      driver: elsewhere.discovery.driver,
    }),
    ...(config.publicAddress !== undefined && { publicAddress: config.publicAddress }),
  });
  for (const [roomName, { room, key }] of Object.entries(rooms)) {
    server.define(roomName, room).filterBy([key as never]);
  }
  const joinHere = routeJoins(rooms, elsewhere);
  await server.listen(port, config.host);
  return {
    transport: name,
    joinHere,
    close: () => server.gracefullyShutdown(false),
  };
}

/**
 * A room is made where its aggregate runs, which the database knows: whichever node is asked for a seat hands the request on to the
 * owner's, as long as that one lives and answers. @returns what gives a seat here whoever owns the aggregate
 */
function routeJoins(rooms: Readonly<Record<string, PortRoom>>, elsewhere: Elsewhere | undefined): GamePort["joinHere"] {
  const { controller } = matchMaker;
  type Invoke = typeof controller.invokeMethod;
  const invoke: Invoke = controller.invokeMethod.bind(controller);

  async function handOn(call: SeatCall): Promise<SeatAnswer | undefined> {
    if (!Object.hasOwn(rooms, call.room)) return undefined;
    try {
      const aggregateId = await rooms[call.room]?.room.aggregateOf?.(call.token, call.options);
      return aggregateId === undefined ? undefined : await elsewhere?.joinElsewhere(aggregateId, call);
    } catch (error) {
      // Here it will be found out whether the aggregate can be loaded.
      elsewhere?.telemetry.fault("route a join", error);
      return undefined;
    }
  }

  controller.invokeMethod = async (method, room, options, auth) => {
    const given = typeof options === "object" && options !== null ? (options as Record<string, unknown>) : {};
    const call: SeatCall = { room, options: given, ...(auth?.token !== undefined && { token: auth.token }) };
    const answer = await handOn(call);
    if (answer === undefined) return invoke(method, room, options, auth);
    if ("seat" in answer) return answer.seat as unknown as Awaited<ReturnType<Invoke>>;
    throw new ServerError(answer.code, answer.message);
  };

  return async ({ room, options, token }) => {
    try {
      const context = { headers: new Headers(), ip: "", ...(token !== undefined && { token }) };
      return { seat: { ...(await invoke("joinOrCreate", room, options, context)) } };
    } catch (error) {
      const code = error instanceof ServerError ? error.code : 500;
      return { code, message: error instanceof Error ? error.message : String(error) };
    }
  };
}

async function createTransport(
  { transport: wanted, host, handshakeTimeoutMs }: Config,
  log: Logger,
  guard: Guard,
): Promise<{ transport: Transport; name: "uws" | "ws" }> {
  if (wanted !== "ws") {
    try {
      return { transport: await createUws(host, guard), name: "uws" };
    } catch (error) {
      if (wanted === "uws") throw error;
      log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        "uWebSockets.js does not load here: using ws, which is slower",
      );
    }
  }
  const { WebSocketTransport } = await import("@colyseus/ws-transport");
  const server = new GuardedServer(guard, handshakeTimeoutMs);
  return {
    transport: new WebSocketTransport({
      ...{ server, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false },
      ...{ pingInterval: (MAX_SILENCE_S * 1_000) / (UNANSWERED_PINGS + 1), pingMaxRetries: UNANSWERED_PINGS },
    }),
    name: "ws",
  };
}

async function createUws(host: string, guard: Guard): Promise<Transport> {
  const { uWebSocketsTransport } = await import("@colyseus/uwebsockets-transport");
  const { gate, refused } = guard;
  type Connected = Parameters<InstanceType<typeof uWebSocketsTransport>["onConnection"]>[0];

  class Transport extends uWebSocketsTransport {
    /** The address at the other end is told here, and not before: of the handshake there is only what the client says. */
    protected override async onConnection(client: Connected): Promise<void> {
      const connected = textOf(client.getRemoteAddressAsText());
      const headers = whereOf(client.context.headers);
      const code = gate.refusalOf(connected, headers);
      if (code !== undefined) {
        refused(code);
        client.end(TRY_AGAIN_LATER, code);
        return;
      }
      const closed = gate.opened(connected, headers);
      Object.assign(client.context, { ip: gate.addressOf(connected, headers) });
      const joining = super.onConnection(client);
      this.clientWrappers.get(client)?.on("close", closed);
      await joining;
    }
  }

  const transport = new Transport({
    ...{ maxPayloadLength: MAX_FRAME_BYTES, maxBackpressure: MAX_BACKPRESSURE_BYTES },
    ...{ idleTimeout: MAX_SILENCE_S, sendPingsAutomatically: true },
    beforeUpgrade(_request, { headers }) {
      const { origin, host: addressed } = whereOf(headers);
      if (gate.allows(origin, addressed)) return undefined;
      refused("FORBIDDEN");
      return new Response(null, { status: 403 });
    },
  });
  guardUws(transport.app, host, guard);
  return transport;
}

function whereOf(headers: Headers) {
  const of = (name: string): string | undefined => headers.get(name) ?? undefined;
  return { origin: of("origin"), host: of("host"), "x-forwarded-for": of("x-forwarded-for") };
}

/** Pages of allowed origins may ask for seats; Colyseus would tell so to any. */
function tellOrigins({ allows }: Gate): void {
  const { controller } = matchMaker;
  controller.DEFAULT_CORS_HEADERS = {
    "access-control-allow-headers": "content-type, authorization",
    "access-control-allow-methods": "POST",
    "access-control-max-age": "600",
    "x-content-type-options": "nosniff",
    vary: "origin",
  } as never;
  controller.getCorsHeaders = (headers) => {
    const origin = headers.get("origin");
    // Without one there is nothing to tell.
    if (origin === null || !allows(origin, headers.get("host") ?? undefined)) return {} as never;
    return { "access-control-allow-origin": origin, "access-control-allow-credentials": "true" };
  };
}

/** Colyseus prints a stack for each frame that it cannot decode; those are counted by the rooms, and here kept for debugging. */
function colyseusLogger(log: Logger) {
  const child = log.child({ from: "colyseus" });
  const write =
    (level: "debug" | "info" | "warn") =>
    (...parts: unknown[]) =>
      child[level](parts.map(String).join(" "));
  return {
    trace: write("debug"),
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("debug"),
  };
}
