import { z } from "zod";
import type { Answer } from "../domain/codes.ts";
import type { Peer, Peers } from "../rooms/commands.ts";
import type { Telemetry } from "../rooms/telemetry.ts";
import type { Nodes } from "../store/nodes.ts";

/** ms for which an address is trusted without asking again; a wrong one costs a failed call, nothing else. */
const ADDRESS_KEPT_MS = 1_000;
/** ms for a command on another node, its commit included. Whoever waits for longer asks again, here or there. */
const CALL_TIMEOUT_MS = 3_000;

/** The path on a node's API port under which other nodes of the tenant reach it. */
export const PEER_PATH = "/internal/commands";

export const peerCall = z.strictObject({
  type: z.string().max(50),
  id: z.uuid(),
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
  nodes: Nodes,
  nodeId: string,
  token: () => Promise<string>,
  telemetry: Telemetry,
): Peers {
  const addresses = new Map<string, { readonly url: string | undefined; readonly until: number }>();

  async function addressOf(id: string): Promise<string | undefined> {
    const now = Date.now();
    const known = addresses.get(id);
    if (known !== undefined && known.until > now) return known.url;
    const url = await nodes.urlOf(id);
    if (addresses.size > 1_000) addresses.clear();
    addresses.set(id, { url, until: now + ADDRESS_KEPT_MS });
    return url;
  }

  async function call(id: string, url: string, body: z.input<typeof peerCall>): Promise<Answer | undefined> {
    try {
      const response = await fetch(new URL(PEER_PATH, url), {
        method: "POST",
        headers: { authorization: `Bearer ${await token()}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
      if (response.status === 200) return (await response.json()) as Answer;
      // 404: it does not run there. Anything else is a node that cannot help, and must not be silent about it.
      if (response.status !== 404 && response.status !== 204)
        telemetry.fault("peer", new Error(`node ${id} answered ${response.status}`));
      await response.body?.cancel();
    } catch (error) {
      addresses.delete(id);
      telemetry.fault("peer", error);
    }
    return undefined;
  }

  return {
    async find(id): Promise<Peer | undefined> {
      if (id === nodeId) return undefined;
      const url = await addressOf(id);
      if (url === undefined) return undefined;
      return {
        send: (type, aggregateId, envelope) => call(id, url, { type, id: aggregateId, envelope }),
        async refresh(type, aggregateId) {
          await call(id, url, { type, id: aggregateId });
        },
      };
    },
  };
}
