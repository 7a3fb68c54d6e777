import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { handleProtocols, type makeServer } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import { CLOSE_CODES, type RefusalCode, statusOf } from "../../domain/codes.ts";
import { TokenBucket } from "../../rooms/token-bucket.ts";
import type { Gate } from "../gate.ts";

export interface SocketOptions {
  readonly path: string;
  /** The protocol's own side, which is told of each connection. */
  opened(
    socket: WebSocket,
    request: IncomingMessage,
    channel: Channel,
  ): (code: number, reason: string) => Promise<void>;
  /** At each look: may this connection stay? */
  stays(socket: WebSocket): Promise<boolean>;
  refused(code: RefusalCode): void;
  fault(error: unknown): void;
  /** ms between looks, at which a connection has to have answered the last one; default 12,000. */
  readonly lookMs?: number;
  /** A connection was ended for a flood. */
  flooded(socket: WebSocket): void;
  /** Default: everybody may open a connection. */
  readonly gate?: Gate;
}

export type Channel = Parameters<ReturnType<typeof makeServer>["opened"]>[0];

export interface Sockets {
  /** Connections at present. */
  readonly size: number;
  close(): Promise<void>;
}

const LARGEST_MESSAGE_BYTES = 64 * 1024;
/** Of what waits to be sent to one client. Answers are sent one at a time, so more than this are answers to its pings. */
const MOST_BUFFERED_BYTES = 1024 * 1024;
/** Messages a second, and in a burst, of one client; what they ask for has limits of its own. */
const MESSAGES = { perSecond: 50, burst: 500 };
/** ms for a client to go when it is told to. */
const GOODBYE_MS = 2_000;
const FORBIDDEN = 4403;

/** WebSockets at a path of an HTTP server: bounded in number, in size, in pace and in what may wait for them. */
export function openSockets(server: Server, options: SocketOptions): Sockets {
  const { path, opened, stays, refused, fault, flooded, lookMs = 12_000, gate } = options;
  const sockets = new WebSocketServer({
    ...{ noServer: true, maxPayload: LARGEST_MESSAGE_BYTES, handleProtocols },
    // A few bytes could be a message of megabytes.
    perMessageDeflate: false,
  });

  function cutOff(socket: WebSocket, code: keyof typeof CLOSE_CODES, why: RefusalCode): void {
    refused(why);
    socket.close(CLOSE_CODES[code], why);
  }

  function connected(socket: WebSocket, request: IncomingMessage): void {
    const messages = new TokenBucket(MESSAGES, Date.now());
    let answered = true;
    // Of a message that is none, or too large a one: the library closes the connection with the code for it.
    socket.on("error", () => refused("BAD_REQUEST"));
    const closed = opened(socket, request, {
      protocol: socket.protocol,
      send: (data) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(data, (error) => (error ? reject(error) : resolve()));
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage(handle) {
        socket.on("message", (data) => {
          if (socket.readyState !== socket.OPEN) return;
          if (messages.waitMs(Date.now()) > 0) {
            flooded(socket);
            return cutOff(socket, "FLOOD", "RATE_LIMITED");
          }
          if (socket.bufferedAmount > MOST_BUFFERED_BYTES) return cutOff(socket, "RESYNC", "TOO_SLOW");
          handle(String(data)).catch((error: unknown) => {
            // A connection that ends while something is sent to it is no fault, nor is a message that no client of the protocol sends.
            if (socket.readyState !== socket.OPEN) return;
            if (isUnexpected(error)) return cutOff(socket, "WITH_ERROR", "BAD_REQUEST");
            fault(error);
            socket.close(1011, "INTERNAL");
          });
        });
      },
    });
    socket.on("pong", () => {
      answered = true;
    });
    const looks = setInterval(() => {
      // Who reads nothing answers no ping either: what waits for it is let go of.
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
      stays(socket).then((may) => {
        if (!may) socket.close(FORBIDDEN, "Forbidden");
      }, fault);
    }, lookMs);
    socket.once("close", (code, reason) => {
      clearInterval(looks);
      closed(code, String(reason)).catch(fault);
    });
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const known = (request.url ?? "").split("?")[0] === path;
    const refusal = known ? gate?.refusalOf(request.socket.remoteAddress, request.headers) : undefined;
    if (!known || refusal !== undefined) {
      if (refusal !== undefined) refused(refusal);
      const status = refusal === undefined ? 404 : statusOf(refusal);
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
      return;
    }
    const closed = gate?.opened(request.socket.remoteAddress, request.headers);
    if (closed !== undefined) socket.once("close", closed);
    sockets.handleUpgrade(request, socket, head, (client) => connected(client, request));
  }
  server.on("upgrade", upgrade);

  return {
    get size() {
      return sockets.clients.size;
    },
    async close() {
      server.off("upgrade", upgrade);
      const stragglers = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, GOODBYE_MS);
      for (const client of sockets.clients) client.close(1001, "Going away");
      await new Promise((resolve) => sockets.close(resolve));
      clearTimeout(stragglers);
    },
  };
}

function isUnexpected(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Unexpected message of type");
}
