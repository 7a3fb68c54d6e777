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
  /** Hands a live room over. `to`: the node that is to run it; without one, whoever is asked for it next. */
  move(roomId: string, to: string | undefined): Promise<Move>;
}

export type Move =
  | { readonly ok: true; readonly from: string; readonly to: string | null }
  | { readonly ok: false; readonly why: "not running" | "no such node" | "unreachable" };

interface OrdersOptions {
  readonly nodeId: string;
  readonly store: Pick<EventStore, "head">;
  readonly nodes: Pick<Nodes, "list">;
  /** By the type of their main stream. */
  readonly kinds: Readonly<Record<string, Pick<Actors<unknown, never>, "handOver" | "get">>>;
  readonly drain: Drain;
  readonly orderPeer: GiveOrder;
}

export function createNodeOrders(options: OrdersOptions): NodeOrders {
  const { nodeId, store, nodes, kinds, drain, orderPeer } = options;

  async function carryOut(order: NodeOrder): Promise<boolean> {
    switch (order.order) {
      case "drain":
        void drain.start();
        return true;
      case "serve":
        await drain.serve();
        return true;
      case "hand-over":
        return (await kinds[order.type]?.handOver(order.id)) ?? false;
      case "take":
        return (await kinds[order.type]?.get(order.id)?.ready()) ?? false;
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
      if (from === to) return { ok: true, from, to };
      const handedOver = await give(from, { order: "hand-over", type, id });
      if (handedOver !== true) return { ok: false, why: handedOver === false ? "not running" : "unreachable" };
      // If the target does not take it, whoever is asked for it next does: it is not lost.
      const taken = to === undefined ? undefined : await give(to, { order: "take", type, id });
      return { ok: true, from, to: taken === true ? (to ?? null) : null };
    },
  };
}
