import type { Actors } from "../rooms/actors.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Nodes } from "../store/nodes.ts";
import { bookId } from "../store/uuid.ts";
import type { Drain } from "./drain.ts";
import type { GiveOrder, NodeOrder } from "./peers.ts";

/** What operators may have nodes do, through any of them. */
export interface NodeOrders {
  /** An order that is this node's to carry out. False: what it is about is not here. */
  carryOut(order: NodeOrder): Promise<boolean>;
  /** The same on any node. */
  give: GiveOrder;
  /** Hands a live room over. `to`: the node that is to run it; without one, the least busy other one, or else its own anew. */
  move(roomId: string, to: string | undefined): Promise<Move>;
}

export type Move =
  | { readonly ok: true; readonly from: string; readonly to: string }
  | { readonly ok: false; readonly why: "not running" | "no such node" | "unreachable" };

interface OrdersOptions {
  readonly nodeId: string;
  readonly store: Pick<EventStore, "head">;
  readonly nodes: Pick<Nodes, "list" | "hosts">;
  /** By the type of their main stream. */
  readonly kinds: Readonly<Record<string, Pick<Actors<unknown, never>, "handOver" | "get">>>;
  readonly drain: Drain;
  readonly orderPeer: GiveOrder;
}

export function createNodeOrders(options: OrdersOptions): NodeOrders {
  const { nodeId, store, nodes, kinds, drain, orderPeer } = options;

  async function take(type: string, id: string): Promise<boolean> {
    return (await kinds[type]?.get(id)?.ready()) ?? false;
  }

  /** The owner is another node before anybody comes again: it is there that they are sent. */
  async function handOver(type: string, id: string, to: string): Promise<boolean> {
    if ((await kinds[type]?.handOver(id, to)) !== true) return false;
    // Its deadlines are kept by somebody in any case.
    if ((await give(to, { order: "take", type, id })) !== true) await take(type, id);
    return true;
  }

  async function carryOut(order: NodeOrder): Promise<boolean> {
    switch (order.order) {
      case "drain":
        void drain.start();
        return true;
      case "serve":
        await drain.serve();
        return true;
      case "hand-over":
        return handOver(order.type, order.id, order.to);
      case "take":
        return take(order.type, order.id);
    }
  }

  async function give(id: string, order: NodeOrder): ReturnType<GiveOrder> {
    if (id !== nodeId) return orderPeer(id, order);
    return carryOut(order);
  }

  /** The aggregate that a room shows, by what clients name the room by. */
  async function shownBy(roomId: string): Promise<{ id: string; type: string; owner: string | null } | undefined> {
    const named = await store.head(roomId);
    const id = named?.aggregateType === "Item" ? bookId(roomId) : roomId;
    const head = id === roomId ? named : await store.head(id);
    return head && { id, type: head.aggregateType, owner: head.owner };
  }

  return {
    carryOut,
    give,
    async move(roomId, to) {
      if (to !== undefined) {
        const target = (await nodes.list()).find((one) => one.nodeId === to);
        if (target === undefined || target.draining || target.gameAddress === null)
          return { ok: false, why: "no such node" };
      }
      const shown = await shownBy(roomId);
      if (shown === undefined || shown.owner === null) return { ok: false, why: "not running" };
      const { id, type, owner: from } = shown;
      const other = to ?? (await nodes.hosts()).find((one) => one.nodeId !== from)?.nodeId ?? from;
      const done = await give(from, { order: "hand-over", type, id, to: other });
      if (done === true) return { ok: true, from, to: other };
      return { ok: false, why: done === false ? "not running" : "unreachable" };
    },
  };
}
