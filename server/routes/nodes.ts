import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type Answer, refusal } from "../../domain/codes.ts";
import type { Nodes } from "../../store/nodes.ts";
import { type Door, idIn } from "../http.ts";
import type { NodeOrders } from "../moves.ts";
import { at, count, id, page } from "./answers.ts";

export interface NodeServices {
  readonly nodes: Pick<Nodes, "list">;
  readonly orders: NodeOrders;
}

const node = z.strictObject({
  nodeId: id,
  url: z.string().meta({ description: "where other nodes reach it" }),
  gameAddress: z
    .string()
    .nullable()
    .meta({ description: "where clients reach its game port; null: it does not run the game" }),
  startedAt: at,
  actors: count.meta({ description: "aggregates that it runs" }),
  draining: z.boolean().meta({ description: "it takes nothing new, and has handed over what it ran, or is about to" }),
});

const moved = z.strictObject({ from: id, to: id });

const NO_NODE = refusal("NOT_FOUND", "there is no such node, or it does not live");
const UNREACHABLE = refusal("UNAVAILABLE", "the node was not reached: what has become of it, the list tells");

/** The nodes of this database: who they are, draining one, moving a room; for operators, through any of them. */
export function nodeRoutes(api: FastifyInstance, door: Door, services: NodeServices): void {
  const { nodes, orders } = services;

  api.get(
    "/admin/nodes",
    door.guarded(
      { does: "The nodes that live.", roles: ["admin"], takes: z.strictObject({}), gives: page(node) },
      async ({ reply }) => reply.send({ items: await nodes.list() }),
    ),
  );

  const SAYS = {
    drain:
      "Has a node hand over all that it runs and take nothing new; it goes on so until it is stopped or is to serve again.",
    serve: "Has a node that was drained take what comes again.",
  } as const;

  for (const [method, order] of [
    ["POST", "drain"],
    ["DELETE", "serve"],
  ] as const)
    api.route({
      method,
      url: "/admin/nodes/:id/drain",
      handler: door.guarded(
        { does: SAYS[order], roles: ["admin"], takes: z.strictObject({}), status: 202 },
        async ({ request, reply }) => {
          const nodeId = idIn(request, "id");
          if (nodeId === undefined || !(await nodes.list()).some((one) => one.nodeId === nodeId))
            return door.problem(reply, NO_NODE);
          const given = await orders.give(nodeId, { order });
          return given === true ? reply.code(202).send() : door.problem(reply, UNREACHABLE);
        },
      ),
    });

  api.post(
    "/admin/rooms/:id/move",
    door.guarded(
      {
        does: "Hands a live room over to another node; its clients come again by themselves, and notice a pause.",
        roles: ["admin"],
        takes: z.strictObject({
          to: id.optional().meta({ description: "a node; default: the least busy other one, or else its own anew" }),
        }),
        gives: moved,
      },
      async ({ body, request, reply }) => {
        const roomId = idIn(request, "id");
        if (roomId === undefined) return door.problem(reply, refusal("BAD_REQUEST", "a room is named by a UUID"));
        const move = await orders.move(roomId, body.to);
        return move.ok ? reply.send({ from: move.from, to: move.to }) : door.problem(reply, refused(move.why));
      },
    ),
  );
}

function refused(why: "not running" | "no such node" | "unreachable"): Answer & { ok: false } {
  switch (why) {
    case "not running":
      return refusal("NOT_FOUND", "no node runs it");
    case "no such node":
      return NO_NODE;
    case "unreachable":
      return UNREACHABLE;
  }
}
