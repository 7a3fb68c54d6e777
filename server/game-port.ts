import { matchMaker, type Room, Server, type Transport } from "@colyseus/core";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { GuardedServer, guardUws } from "./game-http.ts";

/** A larger frame ends its connection before any room sees it; rooms refuse far smaller ones, with a code. */
const MAX_FRAME_BYTES = 64 * 1024;
/** uWebSockets.js leaves out messages to a client that has more than this waiting; rooms act long before. */
const MAX_BACKPRESSURE_BYTES = 16 * 1024 * 1024;

export interface GamePort {
  readonly transport: "uws" | "ws";
  close(): Promise<void>;
}

/** The WebSocket side: Colyseus on uWebSockets.js, or on ws where the binaries do not load. */
export async function listenGamePort(
  config: Config,
  port: number,
  rooms: Readonly<Record<string, { readonly room: new () => Room; readonly key: string }>>,
  log: Logger,
): Promise<GamePort> {
  const { transport, name } = await createTransport(config.transport, config.host, log);
  // Nobody creates a room by other means than asking for the aggregate that it shows.
  matchMaker.controller.exposedMethods = ["joinOrCreate"];
  const server = new Server({ transport, greet: false, gracefullyShutdown: false, logger: colyseusLogger(log) });
  for (const [roomName, { room, key }] of Object.entries(rooms)) {
    server.define(roomName, room).filterBy([key as never]);
  }
  await server.listen(port, config.host);
  return {
    transport: name,
    close: () => server.gracefullyShutdown(false),
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
