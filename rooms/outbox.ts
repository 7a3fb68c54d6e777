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
const OPEN = 1;

/** Both transports' sockets; neither Colyseus nor its types tell how much waits on one. */
interface Socket {
  readonly bufferedAmount?: number;
  terminate?(): void;
  /** The stream below a socket of ws. */
  readonly _socket?: { cork(): void; uncork(): void } | null;
  /** uWebSockets.js' own socket. */
  readonly ws?: { getBufferedAmount(): number; close(): void; cork(send: () => void): void };
}

type Frame = Parameters<Client["raw"]>;

const unsent = new Set<() => void>();

function flushAll(): void {
  const flushes = [...unsent];
  unsent.clear();
  for (const flush of flushes) flush();
}

/**
 * Gathers what is sent to a client within one turn of the event loop, a patch and the answer after it, and writes it at once:
 * a write costs more than what leads to it.
 *
 * And bounds what waits for a client to read it. Over the limit it is sent nothing more, not one patch is left out and the
 * next one sent: it is told to come again, and then gets the full state.
 */
export function attachOutbox(client: Client, limits: BacklogLimits, onSlow: () => void): void {
  const maxBytes = limits.bytes ?? 512 * 1024;
  const maxAge = limits.ageMs ?? 10_000;
  const send = client.raw.bind(client);
  const leave = client.leave.bind(client);
  let frames: Frame[] = [];
  let waitingSince: number | undefined;
  let gone = false;

  function flush(): void {
    const due = frames;
    frames = [];
    if (gone || due.length === 0) return;
    if (isTooSlow()) {
      gone = true;
      onSlow();
      leave(CLOSE_CODES.RESYNC, "too slow: join again");
      setTimeout(() => terminate(client), GOODBYE_MS).unref();
      return;
    }
    const [only] = due;
    // One is what most get of most patches, and a cork around it would only cost.
    if (only !== undefined && due.length === 1) send(...only);
    else
      corked(client, () => {
        for (const frame of due) send(...frame);
      });
  }

  function isTooSlow(): boolean {
    const waiting = bufferedBytes(client);
    const now = performance.now();
    if (waiting === 0) waitingSince = undefined;
    else waitingSince ??= now;
    return waiting > maxBytes || (waitingSince !== undefined && now - waitingSince > maxAge);
  }

  client.raw = (...frame) => {
    if (gone) return;
    frames.push(frame);
    if (unsent.size === 0) setImmediate(flushAll);
    unsent.add(flush);
  };
  // What was sent before the goodbye arrives before it.
  client.leave = (code, data) => {
    flush();
    leave(code, data);
  };
}

function socketOf(client: Client): Socket {
  return client.ref as unknown as Socket;
}

function corked(client: Client, write: () => void): void {
  const socket = socketOf(client);
  if (socket.ws !== undefined) {
    // A closed socket of uWebSockets.js throws at every touch.
    if ((client as Client & { readonly readyState: number }).readyState === OPEN) socket.ws.cork(write);
    return;
  }
  socket._socket?.cork();
  write();
  socket._socket?.uncork();
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
