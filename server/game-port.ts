import { matchMaker, type Room, Server, ServerError, type Transport } from "@colyseus/core";
import type { Logger } from "pino";
import type { Telemetry } from "../rooms/telemetry.ts";
import type { Config } from "./config.ts";
import type { Discovery } from "./discovery.ts";
import { GuardedServer, guardUws } from "./game-http.ts";
import type { SeatAnswer, SeatCall } from "./peers.ts";

/** A larger frame ends its connection before any room sees it; rooms refuse far smaller ones, with a code. */
const MAX_FRAME_BYTES = 64 * 1024;
/** uWebSockets.js leaves out messages to a client that has more than this waiting; rooms act long before. */
const MAX_BACKPRESSURE_BYTES = 16 * 1024 * 1024;

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
}

/** The WebSocket side: Colyseus on uWebSockets.js, or on ws where the binaries do not load. */
export async function listenGamePort(
  config: Config,
  port: number,
  rooms: Readonly<Record<string, PortRoom>>,
  log: Logger,
  elsewhere?: Elsewhere,
): Promise<GamePort> {
  const { transport, name } = await createTransport(config.transport, config.host, log);
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
  wanted: Config["transport"],
  host: string,
  log: Logger,
): Promise<{ transport: Transport; name: "uws" | "ws" }> {
  if (wanted !== "ws") {
    try {
      const { uWebSocketsTransport } = await import("@colyseus/uwebsockets-transport");
      const options = { maxPayloadLength: MAX_FRAME_BYTES, maxBackpressure: MAX_BACKPRESSURE_BYTES };
      const transport = new uWebSocketsTransport(options);
      guardUws(transport.app, host);
      return { transport, name: "uws" };
    } catch (error) {
      if (wanted === "uws") throw error;
      log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        "uWebSockets.js does not load here: using ws, which is slower",
      );
    }
  }
  const { WebSocketTransport } = await import("@colyseus/ws-transport");
  return {
    transport: new WebSocketTransport({ server: new GuardedServer(), maxPayload: MAX_FRAME_BYTES }),
    name: "ws",
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
