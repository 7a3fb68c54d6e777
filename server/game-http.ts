import { type IncomingMessage, Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { uWebSocketsTransport } from "@colyseus/uwebsockets-transport";
import { type RefusalCode, statusOf } from "../domain/codes.ts";
import type { Gate } from "./gate.ts";
import type { Origins } from "./origins.ts";

type UwsApp = uWebSocketsTransport["app"];

/** The options of a join are far smaller. Colyseus would take a body of any size into memory. */
const MAX_BODY_BYTES = 16 * 1024;

/**
 * The HTTP side of the game port is one route, which finds a room and reserves a seat. The status with which anything else
 * is refused before Colyseus sees it: a request whose URL cannot be put together or decoded would fail there without an answer.
 */
function refuseRequest(
  method: string | undefined,
  path: string | undefined,
  header: (name: string) => string | undefined,
  allows: Origins,
): number | undefined {
  if (!allows(header("origin") || undefined, header("host"))) return 403;
  if (!path?.startsWith("/matchmake/") || (method !== "POST" && method !== "OPTIONS")) return 404;
  if (!URL.canParse(`http://${header("host")}${path}`) || !isDecodable(path)) return 400;
  if (!/^(identity)?$/i.test(header("content-encoding") ?? "")) return 415;
  // An unknown length is as good as an endless one.
  if (header("transfer-encoding")) return 411;
  if (Number(header("content-length") || 0) > MAX_BODY_BYTES) return 413;
  return undefined;
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    // It throws for nothing else than a sequence that is no UTF-8.
    return false;
  }
}

/** What the game port asks of whoever knocks. */
export interface Guard {
  readonly gate: Gate;
  /** Counts one more request from an address, if it fits: 0; otherwise ms until it does. */
  addressWaitMs(address: string): number;
  refused(code: RefusalCode): void;
}

interface Refused {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Origin first, then form, then pace. */
function refusalOf(
  { gate, addressWaitMs, refused }: Guard,
  method: string | undefined,
  path: string | undefined,
  header: (name: string) => string | undefined,
  connected: string | undefined,
): Refused | undefined {
  const status = refuseRequest(method, path, header, gate.allows);
  if (status !== undefined) return { status, headers: {} };
  const wait = addressWaitMs(gate.addressOf(connected, { [FORWARDED]: header(FORWARDED) || undefined }));
  if (wait === 0) return undefined;
  refused("RATE_LIMITED");
  return { status: 429, headers: { "retry-after": String(Math.ceil(wait / 1_000)) } };
}

const FORWARDED = "x-forwarded-for";
/** What Colyseus believes in, whoever says it: it is replaced by what is known. */
const CLAIMED_ADDRESSES = ["x-real-ip", "x-client-ip"] as const;

/** For the transport on ws. Connections that do not say what they want are ended after a while. */
export class GuardedServer extends Server {
  readonly #guard: Guard;

  constructor(guard: Guard, handshakeTimeoutMs: number) {
    super(timeouts(handshakeTimeoutMs));
    this.#guard = guard;
  }

  override emit(event: string, ...args: unknown[]): boolean {
    if (event === "upgrade") return this.#upgrade(args as [IncomingMessage, Duplex, Buffer]);
    if (event !== "request") return super.emit(event, ...args);
    const [request, response] = args as [IncomingMessage, ServerResponse];
    const { headers, method, url, socket } = request;
    const refused = refusalOf(this.#guard, method, url, (name) => headers[name]?.toString(), socket.remoteAddress);
    if (refused === undefined) return super.emit(event, ...args);
    response.writeHead(refused.status, { ...refused.headers, connection: "close" }).end();
    return true;
  }

  #upgrade(args: [request: IncomingMessage, socket: Duplex, head: Buffer]): boolean {
    const [
      {
        headers,
        socket: { remoteAddress },
      },
      socket,
    ] = args;
    const { gate, refused } = this.#guard;
    const code = gate.refusalOf(remoteAddress, headers);
    if (code !== undefined) {
      refused(code);
      socket.on("error", () => socket.destroy());
      socket.end(`HTTP/1.1 ${statusOf(code)} ${STATUS_CODES[statusOf(code)]}\r\nConnection: close\r\n\r\n`);
      return true;
    }
    socket.once("close", gate.opened(remoteAddress, headers));
    const address = gate.addressOf(remoteAddress, { [FORWARDED]: headers[FORWARDED] });
    for (const name of CLAIMED_ADDRESSES) delete headers[name];
    headers[FORWARDED] = address;
    return super.emit("upgrade", ...args);
  }
}

/** Of a server of Node's: for the headers of a request, and for the whole of it. */
export function timeouts(handshakeTimeoutMs: number) {
  return {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: handshakeTimeoutMs * 3,
    connectionsCheckingInterval: Math.min(1_000, handshakeTimeoutMs),
  };
}

/** For the transport on uWebSockets.js, which moreover takes no note of the host that it is to listen on. */
export function guardUws(app: UwsApp, host: string, guard: Guard): void {
  const any = app.any.bind(app);
  app.any = (pattern, handler) =>
    any(pattern, (res, req) => {
      const connected = textOf(res.getRemoteAddressAsText());
      const header = (name: string): string => (name === FORWARDED ? allOf(req, name) : req.getHeader(name));
      const refused = refusalOf(guard, req.getMethod().toUpperCase(), req.getUrl(), header, connected);
      if (refused === undefined) return handler(res, req);
      res.writeStatus(`${refused.status} ${STATUS_CODES[refused.status]}`);
      for (const [name, value] of Object.entries(refused.headers)) res.writeHeader(name, value);
      res.end("", true);
    });
  const listen = app.listen.bind(app) as (host: string, port: number, listening: unknown) => UwsApp;
  app.listen = ((port: number, listening: unknown) => listen(host, port, listening)) as UwsApp["listen"];
}

/** A header that was sent several times; `getHeader` tells the first alone, which is the one that a proxy did not write. */
function allOf(req: Parameters<Parameters<UwsApp["any"]>[1]>[1], name: string): string {
  const values: string[] = [];
  req.forEach((key, value) => {
    if (key === name) values.push(value);
  });
  return values.join(", ");
}

export function textOf(address: ArrayBuffer): string {
  return Buffer.from(address).toString();
}
