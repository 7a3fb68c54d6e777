import type { Client } from "@colyseus/core";
import { CLOSE_CODES } from "../domain/codes.ts";

export interface BacklogLimits {
  /** Bytes that may wait for one client to read them; default 512 KiB. */
  readonly bytes?: number;
  /** ms for which something may have waited without a break; default 10,000. */
  readonly ageMs?: number;
}

/** A client that does not even read its close frame is cut off after this long, ms. */
const GOODBYE_MS = 5_000;

/** Both transports' sockets; neither Colyseus nor its types tell how much waits on one. */
interface Socket {
  readonly bufferedAmount?: number;
  terminate?(): void;
  readonly ws?: { getBufferedAmount(): number; close(): void };
}

/**
 * Bounds what waits for a client. Over the limit it is sent nothing more, not one patch is left out and the next one sent:
 * it is told to come again, and then gets the full state.
 */
export function boundBacklog(client: Client, limits: BacklogLimits, onSlow: () => void): void {
  const maxBytes = limits.bytes ?? 512 * 1024;
  const maxAge = limits.ageMs ?? 10_000;
  const send = client.raw.bind(client);
  let waitingSince: number | undefined;
  let gone = false;

  client.raw = (data, options, callback) => {
    if (gone) return;
    const waiting = bufferedBytes(client);
    const now = performance.now();
    if (waiting === 0) waitingSince = undefined;
    else waitingSince ??= now;
    if (waiting > maxBytes || (waitingSince !== undefined && now - waitingSince > maxAge)) {
      gone = true;
      onSlow();
      client.leave(CLOSE_CODES.RESYNC, "too slow: join again");
      setTimeout(() => terminate(client), GOODBYE_MS).unref();
      return;
    }
    send(data, options, callback);
  };
}

function socketOf(client: Client): Socket {
  return client.ref as unknown as Socket;
}

function bufferedBytes(client: Client): number {
  const socket = socketOf(client);
  try {
    return socket.ws?.getBufferedAmount() ?? socket.bufferedAmount ?? 0;
  } catch {
    // uWebSockets.js throws on a socket that has closed: nothing waits there any more.
    return 0;
  }
}

function terminate(client: Client): void {
  const socket = socketOf(client);
  try {
    if (socket.ws !== undefined) socket.ws.close();
    else socket.terminate?.();
  } catch {
    // Closed in the meantime, as it should be.
  }
}
