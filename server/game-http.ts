import { type IncomingMessage, Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { uWebSocketsTransport } from "@colyseus/uwebsockets-transport";

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
): number | undefined {
  if (!path?.startsWith("/matchmake/") || (method !== "POST" && method !== "OPTIONS")) return 404;
  if (!URL.canParse(`http://${header("host")}${path}`) || !isDecodable(path)) return 400;
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

/** For the transport on ws. */
export class GuardedServer extends Server {
  override emit(event: string, ...args: unknown[]): boolean {
    if (event !== "request") return super.emit(event, ...args);
    const [request, response] = args as [IncomingMessage, ServerResponse];
    const { headers, method, url } = request;
    const status = refuseRequest(method, url, (name) => headers[name]?.toString());
    if (status === undefined) return super.emit(event, ...args);
    response.writeHead(status, { connection: "close" }).end();
    return true;
  }
}

/** For the transport on uWebSockets.js, which moreover takes no note of the host that it is to listen on. */
export function guardUws(app: UwsApp, host: string): void {
  const any = app.any.bind(app);
  app.any = (pattern, handler) =>
    any(pattern, (res, req) => {
      const status = refuseRequest(req.getMethod().toUpperCase(), req.getUrl(), (name) => req.getHeader(name));
      if (status === undefined) return handler(res, req);
      res.writeStatus(`${status} ${STATUS_CODES[status]}`).end("", true);
    });
  const listen = app.listen.bind(app) as (host: string, port: number, listening: unknown) => UwsApp;
  app.listen = ((port: number, listening: unknown) => listen(host, port, listening)) as UwsApp["listen"];
}
