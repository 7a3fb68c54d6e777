import { z } from "zod";
import type { Answer } from "../domain/codes.ts";
import type { Hosting, Peer, Peers } from "../rooms/commands.ts";
import type { Telemetry } from "../rooms/telemetry.ts";
import type { NodeAddress, Nodes } from "../store/nodes.ts";

/** ms for which an address is trusted without asking again; a wrong one costs a failed call, nothing else. */
const ADDRESS_KEPT_MS = 1_000;
/** ms for a command on another node, its commit included. Whoever waits for longer asks again, here or there. */
const CALL_TIMEOUT_MS = 3_000;

/** ms for a seat on another node. Whoever waits for longer makes a room here. */
const JOIN_TIMEOUT_MS = 1_500;

/** The paths on a node's API port under which other nodes of the tenant reach it. */
export const PEER_PATH = "/internal/commands";
export const SEAT_PATH = "/internal/seats";

/** A client that asks for a seat, as the node that was asked hands it on. */
export const seatCall = z.strictObject({
  room: z.string().max(50),
  options: z.record(z.string(), z.unknown()),
  token: z.string().optional(),
});
export type SeatCall = z.infer<typeof seatCall>;

/** Colyseus' reservation, or why there is none, with the status of its matchmaking route. */
export const seatAnswer = z.union([
  z.strictObject({ seat: z.looseObject({ publicAddress: z.string().optional() }) }),
  z.strictObject({ code: z.number(), message: z.string() }),
]);
export type SeatAnswer = z.infer<typeof seatAnswer>;

/** What one node asks of another beside commands. */
export const NODE_PATH = "/internal/node";
/** ms for such a request: a room is handed over within it, or the operator is told that nobody knows. */
const ORDER_TIMEOUT_MS = 15_000;

const aggregate = { type: z.string().max(50), id: z.uuid() };
export const nodeOrder = z.discriminatedUnion("order", [
  /** Answered at once; when it has come to its end, the list of nodes tells. */
  z.strictObject({ order: z.literal("drain") }),
  z.strictObject({ order: z.literal("serve") }),
  z.strictObject({ order: z.literal("hand-over"), ...aggregate, to: z.uuid() }),
  /** To run an aggregate from now on. */
  z.strictObject({ order: z.literal("take"), ...aggregate }),
]);
export type NodeOrder = z.infer<typeof nodeOrder>;

/** `done` false: what it is about is not there. */
export const orderAnswer = z.strictObject({ done: z.boolean() });

/** Whether it was done; undefined: the node was not reached, or did not answer. */
export type GiveOrder = (nodeId: string, order: NodeOrder) => Promise<boolean | undefined>;

export interface HttpPeers extends Peers {
  readonly order: GiveOrder;
  /** A seat on another node. Undefined: that is this node, or it is gone, silent, or cannot give any. */
  join(nodeId: string, call: SeatCall): Promise<SeatAnswer | undefined>;
}

export const peerCall = z.strictObject({
  type: z.string().max(50),
  id: z.uuid(),
  /** It is to be run there, if nobody runs it. */
  activate: z.boolean().optional(),
  /** Without one: a hint that somebody has written to that aggregate. */
  envelope: z
    .object({
      commandId: z.uuid(),
      command: z.unknown(),
      expectedVersion: z.int().min(0).optional(),
      correlationId: z.uuid().optional(),
      causationId: z.uuid().optional(),
      userId: z.uuid().optional(),
      sessionId: z.string().max(100).optional(),
      lasting: z.boolean().optional(),
      forgetRefusal: z.boolean().optional(),
    })
    .optional(),
});

/** The other nodes, by the table of nodes and over HTTP. `token` proves that the caller is a node. */
export function createHttpPeers(
  nodes: Pick<Nodes, "find" | "hosts">,
  nodeId: string,
  token: () => Promise<string>,
  telemetry: Telemetry,
): HttpPeers {
  const addresses = new Map<string, { readonly address: NodeAddress | undefined; readonly until: number }>();
  let busiestLast: Awaited<ReturnType<Nodes["hosts"]>> = [];
  let hostsUntil = 0;

  async function addressOf(id: string): Promise<NodeAddress | undefined> {
    const now = Date.now();
    const known = addresses.get(id);
    if (known !== undefined && known.until > now) return known.address;
    const address = await nodes.find(id);
    if (addresses.size > 1_000) addresses.clear();
    addresses.set(id, { address, until: now + ADDRESS_KEPT_MS });
    return address;
  }

  async function post(id: string, url: URL, body: unknown, timeoutMs: number): Promise<unknown> {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${await token()}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.status === 200) return await response.json();
      // 404: it does not run there. Anything else is a node that cannot help, and must not be silent about it.
      if (response.status !== 404 && response.status !== 204)
        telemetry.fault("peer", new Error(`node ${id} answered ${response.status}`));
      await response.body?.cancel();
    } catch (error) {
      addresses.delete(id);
      hostsUntil = 0;
      telemetry.fault("peer", error);
    }
    return undefined;
  }

  function peerAt(id: string, url: string): Peer {
    const call = async (body: z.input<typeof peerCall>) =>
      (await post(id, new URL(PEER_PATH, url), body, CALL_TIMEOUT_MS)) as Answer | undefined;
    return {
      send: (type, aggregateId, envelope, how?: Hosting) => call({ type, id: aggregateId, envelope, ...how }),
      async refresh(type, aggregateId, how?: Hosting) {
        await call({ type, id: aggregateId, ...how });
      },
    };
  }

  return {
    async find(id): Promise<Peer | undefined> {
      if (id === nodeId) return undefined;
      const address = await addressOf(id);
      return address === undefined ? undefined : peerAt(id, address.url);
    },

    async host() {
      if (hostsUntil < Date.now()) {
        busiestLast = await nodes.hosts();
        hostsUntil = Date.now() + ADDRESS_KEPT_MS;
      }
      const others = busiestLast.filter((one) => one.nodeId !== nodeId);
      // Of the two least busy ones either: the figures are a moment old, and all who ask have the same.
      const one = others[Math.floor(Math.random() * Math.min(2, others.length))];
      return one === undefined ? undefined : peerAt(one.nodeId, one.url);
    },

    async order(id, order) {
      const address = await addressOf(id);
      if (address === undefined) return undefined;
      const answer = await post(id, new URL(NODE_PATH, address.url), order, ORDER_TIMEOUT_MS);
      return orderAnswer.safeParse(answer).data?.done;
    },

    async join(id, call) {
      if (id === nodeId) return undefined;
      const address = await addressOf(id);
      if (address === undefined || address.gameAddress === null) return undefined;
      const answer = seatAnswer.safeParse(await post(id, new URL(SEAT_PATH, address.url), call, JOIN_TIMEOUT_MS));
      if (!answer.success) return undefined;
      if (!("seat" in answer.data)) return answer.data.code >= 500 ? undefined : answer.data;
      // Where it was asked for is not where it is.
      return { seat: { publicAddress: address.gameAddress, ...answer.data.seat } };
    },
  };
}
