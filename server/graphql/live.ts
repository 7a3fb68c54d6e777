import type { IncomingMessage, Server } from "node:http";
import { execute, type GraphQLSchema, subscribe } from "graphql";
import { makeServer } from "graphql-ws";
import type { WebSocket } from "ws";
import { CLOSE_CODES } from "../../domain/codes.ts";
import type { Authenticate, Principal } from "../../rooms/principal.ts";
import { isStorable, NOT_STORABLE } from "../../rooms/wire.ts";
import type { Gate } from "../gate.ts";
import type { Admitted } from "../http.ts";
import { IssuerAwayError } from "../issuer.ts";
import { refuse } from "./builder.ts";
import { contextOf, type GraphqlServices } from "./context.ts";
import { createErrors, type ErrorServices } from "./errors.ts";
import { ownRules, readOperation } from "./operation.ts";
import { openSockets, type Sockets } from "./sockets.ts";

export interface LiveServices extends GraphqlServices, ErrorServices {
  readonly schema: GraphQLSchema;
  readonly authenticate: Authenticate;
  /** Counts one more call of theirs: an operation is one, whichever way it comes. */
  readonly admits: (who: Principal) => Admitted;
  /** A connection of a player's was ended for a flood. */
  readonly flooded?: (userId: string) => void;
  readonly production: boolean;
  /** ms between looks at who is still there, and still may be. */
  readonly lookMs?: number;
  /** Default: everybody may open a connection. */
  readonly gate?: Gate;
}

/** Operations under way of one connection. */
const OPERATIONS = 50;
/** ms for a client to say who it is. */
const INIT_MS = 5_000;

/** A connection. `session`: who is behind it and the token that says so, once it has said so. */
interface Connection {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  session?: { readonly who: Principal; readonly token: string | undefined };
}

/** Subscriptions, over the protocol graphql-transport-ws, on the API port's `/graphql`. */
export function openLiveDoor(server: Server, services: LiveServices): Sockets {
  const { schema, authenticate, admits, telemetry, production, lookMs, gate } = services;
  const errors = createErrors(services);
  const rules = ownRules(production);
  const known = new WeakMap<WebSocket, Connection>();

  const protocol = makeServer<Readonly<Record<string, unknown>>, Connection>({
    connectionInitWaitTimeout: INIT_MS,
    execute,
    subscribe,
    async onConnect({ connectionParams, extra }) {
      const given = connectionParams?.["token"];
      const token =
        typeof given === "string" ? given : /^Bearer (.+)$/i.exec(extra.request.headers.authorization ?? "")?.[1];
      const who = await authenticate(token).catch((error: unknown) => {
        if (!(error instanceof IssuerAwayError)) throw error;
        telemetry.refused("UNAVAILABLE");
        extra.socket.close(1013, "UNAVAILABLE");
      });
      if (extra.socket.readyState !== extra.socket.OPEN) return false;
      if (who === undefined) telemetry.refused("UNAUTHORIZED");
      else extra.session = { who, token };
      return who !== undefined;
    },
    onSubscribe({ subscriptions, extra }, _id, { query, operationName, variables }) {
      const who = extra.session?.who;
      if (who === undefined) throw new Error("an operation before the connection was acknowledged");
      if (Object.keys(subscriptions).length > OPERATIONS)
        return [refuse("BUSY", `a connection has ${OPERATIONS} operations at most`)];
      const { waitMs, isAbuse } = admits(who);
      if (isAbuse) {
        telemetry.refused("FLOOD");
        extra.socket.close(CLOSE_CODES.FLOOD, "RATE_LIMITED");
      }
      if (waitMs > 0) return [refuse("RATE_LIMITED", undefined, waitMs)];
      if (!isStorable(variables)) return [refuse("BAD_REQUEST", NOT_STORABLE)];
      const document = readOperation(schema, query, rules);
      if (!("kind" in document)) return document;
      const contextValue = contextOf(services, who);
      return { schema, document, operationName, variableValues: variables, contextValue };
    },
    onError({ extra: { socket } }, _id, _payload, found) {
      const told = found.map(errors.told);
      if (told.some(({ extensions }) => extensions["code"] === "TOO_SLOW"))
        socket.close(CLOSE_CODES.RESYNC, "TOO_SLOW");
      return told.map((error) => error.toJSON());
    },
    onNext: (_context, _id, _payload, _args, { errors: found, ...result }) =>
      found === undefined
        ? undefined
        : ({ ...result, errors: found.map((error) => errors.told(error).toJSON()) } as never),
  });

  return openSockets(server, {
    path: "/graphql",
    opened(socket, request, channel) {
      const connection: Connection = { socket, request };
      known.set(socket, connection);
      return protocol.opened(channel, connection);
    },
    // A token that has run out, or of someone who was shut out, ends what it began.
    async stays(socket) {
      const session = known.get(socket)?.session;
      return session === undefined || (await authenticate(session.token)) !== undefined;
    },
    flooded(socket) {
      const who = known.get(socket)?.session?.who;
      if (who !== undefined) services.flooded?.(who.userId);
    },
    refused: telemetry.refused,
    fault: (error) => telemetry.fault("subscriptions", error),
    ...(lookMs !== undefined && { lookMs }),
    ...(gate !== undefined && { gate }),
  });
}
