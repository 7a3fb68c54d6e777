import { setTimeout as sleep } from "node:timers/promises";
import { createPool } from "../store/database.ts";
import { holdNodeLock } from "../store/node-lock.ts";
import type { NodeBase } from "./node-base.ts";

const HEARTBEAT_MS = 1_000;

export interface Member {
  /** Where other nodes reach it. */
  readonly url: string;
  /** Where clients reach its game port, if it has one. */
  readonly gameAddress: string | undefined;
  /** How busy it is. */
  actors(): number;
  /** Whether it takes nothing new. */
  draining(): boolean;
}

export interface Membership {
  /** Says how it stands now, before the next heartbeat does. */
  tell(): Promise<void>;
  close(): Promise<void>;
}

/** Makes the node one of those that live, until it is closed: by a lock of its session's, and by a heartbeat. */
export async function joinMembers(base: NodeBase, member: Member): Promise<Membership> {
  const { nodes, nodeId, database, telemetry } = base;
  const { url, gameAddress } = member;
  const beat = () => nodes.beat({ url, gameAddress, actors: member.actors(), draining: member.draining() });
  const pool = createPool({ ...database, poolSize: 1 });
  const lock = holdNodeLock(pool, nodeId, (error) => telemetry.fault("node lock", error));
  try {
    await lock.held();
    await beat();
  } catch (error) {
    await lock.release();
    throw error;
  }
  const closing = new AbortController();
  const { signal } = closing;
  const beating = (async () => {
    while (!signal.aborted) {
      await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await beat().catch((error: unknown) => telemetry.fault("heartbeat", error));
    }
  })();
  return {
    tell: beat,
    async close() {
      closing.abort();
      await beating;
      await nodes.leave();
      await lock.release();
    },
  };
}
