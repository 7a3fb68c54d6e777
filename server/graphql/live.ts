import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import {
  execute,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  subscribe,
  validate,
} from "graphql";
import { CloseCode } from "graphql-ws";
import { useServer } from "graphql-ws/use/ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Authenticate, Principal } from "../../rooms/principal.ts";
import { refuse } from "./builder.ts";
import { type Context, createLoaders, type GraphqlServices } from "./context.ts";
import { createErrors, type ErrorServices } from "./errors.ts";

export interface LiveServices extends GraphqlServices, ErrorServices {
  readonly schema: GraphQLSchema;
  readonly authenticate: Authenticate;
  readonly production: boolean;
}

export interface LiveDoor {
  /** Connections at present. */
  readonly connections: number;
  close(): Promise<void>;
}

const PATH = "/graphql";
const LARGEST_MESSAGE_BYTES = 64 * 1024;
/** On one node; and of one connection, operations under way. */
const CONNECTIONS = 5_000;
const OPERATIONS = 50;
/** ms between looks whether tokens are still valid. */
const RECHECK_MS = 30_000;
/** ms between pings; who does not answer one is cut off, and so is who reads nothing. */
const KEEP_ALIVE_MS = 12_000;
/** ms for a client to say who it is, and to go when it is told to. */
const INIT_MS = 5_000;
const GOODBYE_MS = 2_000;

/** Who is behind a connection, and the token that says so. */
interface Session {
  readonly who: Principal;
  readonly token: string | undefined;
}

/** Subscriptions, over the protocol graphql-transport-ws, on the API port's `/graphql`. */
export function openLiveDoor(server: Server, services: LiveServices): LiveDoor {
  const { schema, authenticate, readModels, telemetry, production } = services;
  const errors = createErrors(services);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE_BYTES });
  const sessions = new Map<WebSocket, Session>();
  const gone = new AbortController();

  function refused(code: "UNAUTHORIZED" | "BUSY"): void {
    telemetry.refused(code);
  }

  const graphql = useServer(
    {
      schema,
      execute,
      subscribe,
      connectionInitWaitTimeout: INIT_MS,
      validate: (of, document, rules) =>
        validate(of, document, [
          ...(rules ?? specifiedRules),
          ...(production ? [NoSchemaIntrospectionCustomRule] : []),
        ]),
      async onConnect({ connectionParams, extra: { socket, request } }) {
        const given = connectionParams?.["token"];
        const token =
          typeof given === "string" ? given : /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
        const who = await authenticate(token);
        if (who === undefined) refused("UNAUTHORIZED");
        else sessions.set(socket, { who, token });
        return who !== undefined;
      },
      context({ extra: { socket } }): Context & { readonly signal: AbortSignal } {
        const session = sessions.get(socket);
        if (session === undefined) throw new Error("an operation before the connection was acknowledged");
        return { ...services, who: session.who, load: createLoaders(readModels), signal: gone.signal };
      },
      onSubscribe({ subscriptions }) {
        if (Object.keys(subscriptions).length <= OPERATIONS) return undefined;
        return [refuse("BUSY", `a connection has ${OPERATIONS} operations at most`)];
      },
      onError: (_context, _id, _payload, found) => found.map((error) => errors.told(error).toJSON()),
      onNext: (_context, _id, _payload, _args, { errors: found, ...result }) =>
        found === undefined
          ? undefined
          : ({ ...result, errors: found.map((error) => errors.told(error).toJSON()) } as never),
      onClose: ({ extra: { socket } }) => void sessions.delete(socket),
    },
    sockets,
    KEEP_ALIVE_MS,
  );

  // A token that has run out, or of someone who was shut out, ends what it began.
  const rechecking = setInterval(() => {
    for (const [socket, { token }] of sessions) {
      authenticate(token).then(
        (who) => {
          if (who === undefined) socket.close(CloseCode.Forbidden, "Forbidden");
        },
        (error: unknown) => telemetry.fault("graphql token", error),
      );
    }
  }, RECHECK_MS);

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const known = new URL(request.url ?? "/", "http://localhost").pathname === PATH;
    if (!known || sockets.clients.size >= CONNECTIONS) {
      if (known) refused("BUSY");
      socket.end(`HTTP/1.1 ${known ? "503 Service Unavailable" : "404 Not Found"}\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit("connection", client, request));
  }
  server.on("upgrade", upgrade);

  return {
    get connections() {
      return sessions.size;
    },
    async close() {
      clearInterval(rechecking);
      server.off("upgrade", upgrade);
      gone.abort();
      const stragglers = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, GOODBYE_MS);
      await graphql.dispose();
      clearTimeout(stragglers);
    },
  };
}
