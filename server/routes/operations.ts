import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { refusal } from "../../domain/codes.ts";
import type { Commands } from "../../rooms/commands.ts";
import type { Consumer } from "../../store/consumer.ts";
import type { EventStore } from "../../store/event-store.ts";
import { statusesOf } from "../consumer-metrics.ts";
import type { Drain } from "../drain.ts";
import type { Door } from "../http.ts";
import type { Metrics } from "../metrics.ts";
import type { NodeOrders } from "../moves.ts";
import {
  NODE_PATH,
  nodeOrder,
  PEER_PATH,
  peerCall,
  SEAT_PATH,
  type SeatAnswer,
  type SeatCall,
  seatCall,
} from "../peers.ts";
import { createReadiness } from "../readiness.ts";

export interface OperationsServices {
  readonly store: EventStore;
  readonly metrics: Metrics;
  /** By name. */
  readonly consumers: ReadonlyMap<string, Consumer>;
  readonly commands: Pick<Commands<Record<string, unknown>>, "sendHere" | "refreshHere">;
  /** Whether a token is another node's. */
  readonly authenticateNode: (token: string | undefined) => Promise<boolean>;
  /** Gives another node's client a seat here; undefined: there is no game here. */
  readonly joinHere: ((call: SeatCall) => Promise<SeatAnswer>) | undefined;
  readonly orders: Pick<NodeOrders, "carryOut">;
  /** Whether this node takes nothing new. */
  readonly drain: Pick<Drain, "isDraining">;
  /** ms for which a consumer may not move though something waits. */
  readonly stuckAfterMs: number;
}

const ready = z.strictObject({
  status: z.enum(["ready", "degraded"]),
  stuck: z.array(
    z.strictObject({ consumer: z.string(), reason: z.enum(["stopped", "not moving"]), lagSeconds: z.number() }),
  ),
});
const NOBODY = "00000000-0000-4000-8000-000000000000";

/** The door for other nodes; probes and metrics. */
export function operationsRoutes(api: FastifyInstance, door: Door, services: OperationsServices): void {
  const { store, metrics, consumers, commands } = services;
  const readiness = createReadiness(services.stuckAfterMs);

  const isNode = (request: FastifyRequest): Promise<boolean> =>
    services.authenticateNode(/^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1]);

  api.post(SEAT_PATH, async (request, reply) => {
    if (!(await isNode(request))) return door.problem(reply, refusal("UNAUTHORIZED"));
    const parsed = seatCall.safeParse(request.body);
    if (!parsed.success) return door.problem(reply, refusal("BAD_REQUEST", z.prettifyError(parsed.error)));
    const answer = await services.joinHere?.(parsed.data);
    return answer === undefined ? reply.code(404).send() : reply.send(answer);
  });
  api.post(PEER_PATH, async (request, reply) => {
    if (!(await isNode(request))) return door.problem(reply, refusal("UNAUTHORIZED"));
    const parsed = peerCall.safeParse(request.body);
    if (!parsed.success) return door.problem(reply, refusal("BAD_REQUEST", z.prettifyError(parsed.error)));
    const { type, id, envelope, activate = false } = parsed.data;
    if (envelope === undefined) {
      await commands.refreshHere(type, id, { activate });
      return reply.code(204).send();
    }
    const answer = await commands.sendHere(type, id, envelope, { activate });
    // Not a refusal, and not counted as one: the caller looks elsewhere.
    return answer === undefined ? reply.code(404).send() : reply.send(answer);
  });

  api.post(NODE_PATH, async (request, reply) => {
    if (!(await isNode(request))) return door.problem(reply, refusal("UNAUTHORIZED"));
    const parsed = nodeOrder.safeParse(request.body);
    if (!parsed.success) return door.problem(reply, refusal("BAD_REQUEST", z.prettifyError(parsed.error)));
    return reply.send({ done: await services.orders.carryOut(parsed.data) });
  });

  const alive = z.strictObject({ status: z.literal("ok") });
  api.get(
    "/healthz",
    door.open({ does: "Whether the process is alive.", gives: alive }, async (_request, reply) =>
      reply.send({ status: "ok" }),
    ),
  );
  // A read model that is stuck makes answers old, not wrong: the node still serves, and says so.
  api.get(
    "/readyz",
    door.open(
      { does: "Whether the node can serve, and what is held up.", gives: ready, refuses: ["UNAVAILABLE", "DRAINING"] },
      async (_request, reply) => {
        if (services.drain.isDraining) return door.problem(reply, refusal("DRAINING"));
        try {
          await store.head(NOBODY);
          const stuck = readiness.observe(await statusesOf(consumers), performance.now());
          return reply.send({ status: stuck.length === 0 ? "ready" : "degraded", stuck });
        } catch {
          return door.problem(reply, refusal("UNAVAILABLE", "the database does not answer"));
        }
      },
    ),
  );
  api.get(
    "/metrics",
    door.open({ does: "Metrics for Prometheus.", mediaType: "text/plain" }, async (_request, reply) =>
      reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
    ),
  );
}
