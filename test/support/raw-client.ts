import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { encode } from "@colyseus/schema";
import type { Role } from "../../domain/roles.ts";
import { tokenFor } from "./fight.ts";

/** The codec that Colyseus and its SDK use; it is theirs, not a dependency of ours. */
interface Msgpackr {
  readonly Packr: new () => { pack(value: unknown): Buffer };
  unpack(bytes: Uint8Array): unknown;
}
export const msgpackr = createRequire(import.meta.resolve("@colyseus/core"))("msgpackr") as Msgpackr;

export const PROTOCOL = {
  JOIN: 10,
  ERROR: 11,
  LEAVE: 12,
  DATA: 13,
  STATE: 14,
  PATCH: 15,
  PING: 18,
  REQUEST: 21,
  RESPONSE: 22,
};

/** A request as the SDK encodes it: `[21][request id][type][msgpack]`. */
export function requestFrame(
  requestId: number,
  type: string | number,
  payload: unknown,
  packr = new msgpackr.Packr(),
): Buffer {
  const head = { offset: 1 };
  const bytes = Buffer.alloc(300);
  bytes[0] = PROTOCOL.REQUEST;
  encode.number(bytes, requestId, head);
  if (typeof type === "string") encode.string(bytes, type, head);
  else encode.number(bytes, type, head);
  return Buffer.concat([bytes.subarray(0, head.offset), packr.pack(payload)]);
}

/** One masked WebSocket message; a key of zeros is a key as any other. */
export function webSocketFrame(payload: Uint8Array, opcode = 2): Buffer {
  const length = payload.length;
  const header =
    length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 0xff]);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}

export interface RawClient {
  readonly roomId: string;
  /** Frames from the room, oldest first. */
  readonly received: Buffer[];
  /** Resolves with the close code; 1006 if there was none. */
  readonly closed: Promise<number>;
  readonly isClosed: boolean;
  /** Each as one message, all in one write. */
  send(...frames: readonly Uint8Array[]): void;
  /** Bytes as they are, on the TCP connection. */
  write(bytes: Uint8Array): void;
  /** Sends a request and resolves with its answer. */
  request(payload: unknown, type?: string | number): Promise<unknown>;
  /** Resolves when the room has handled all that was sent before, `pings` of them pings, or has closed: then false. */
  roundTrip(pings?: number): Promise<boolean>;
  destroy(): void;
}

/** Joins a combat as the SDK does, by the matchmaking route, but over a bare TCP connection. `acknowledge` false: joins half-way. */
export function joinRaw(
  gameUrl: string,
  combatId: string,
  userId: string,
  options: { acknowledge?: boolean } = {},
): Promise<RawClient> {
  return joinRoomRaw(gameUrl, "combat", { combatId, events: true }, userId, options);
}

export async function joinRoomRaw(
  gameUrl: string,
  room: string,
  joinOptions: object,
  userId: string,
  { acknowledge = true, role = "joueur" }: { acknowledge?: boolean; role?: Role } = {},
): Promise<RawClient> {
  const token = await tokenFor(role, userId);
  const reply = await fetch(`${gameUrl.replace("ws:", "http:")}/matchmake/joinOrCreate/${room}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(joinOptions),
  });
  if (!reply.ok) throw new Error(`no seat: ${reply.status} ${await reply.text()}`);
  const seat = (await reply.json()) as {
    processId: string;
    roomId: string;
    sessionId: string;
    publicAddress?: string;
  };
  const path = `/${seat.processId}/${seat.roomId}?sessionId=${seat.sessionId}&_authToken=${token}`;
  const socket = await upgrade(
    new URL(seat.publicAddress === undefined ? gameUrl : `ws://${seat.publicAddress}`),
    path,
  );
  return new Promise((resolve, reject) => {
    const client = speak(socket, seat.roomId, (frame) => {
      if (frame[0] !== PROTOCOL.JOIN) return;
      if (acknowledge) client.send(Buffer.from([PROTOCOL.JOIN]));
      resolve(client);
    });
    void client.closed.then((code) => reject(new Error(`closed while joining: ${code}`)));
  });
}

async function upgrade({ hostname, port }: URL, path: string): Promise<Socket> {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", read).off("error", reject).pause();
      if (!head.subarray(0, 12).equals(Buffer.from("HTTP/1.1 101"))) reject(new Error(head.toString()));
      if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
      resolve(socket);
    };
    socket.on("data", read).on("error", reject);
  });
}

function speak(socket: Socket, roomId: string, onFrame: (frame: Buffer) => void): RawClient {
  const received: Buffer[] = [];
  const waiting = new Set<() => void>();
  const closed = Promise.withResolvers<number>();
  let isClosed = false;
  let code = 1006;
  let unread = Buffer.alloc(0);
  let requestId = 0;

  socket.on("data", (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (let message = takeMessage(unread); message !== undefined; message = takeMessage(unread)) {
      unread = unread.subarray(message.bytes);
      if (message.opcode === 9) socket.write(webSocketFrame(message.payload, 10));
      if (message.opcode === 8) {
        if (message.payload.length >= 2) code = message.payload.readUInt16BE(0);
        socket.end(webSocketFrame(message.payload.subarray(0, 2), 8));
      }
      if (message.opcode !== 2) continue;
      received.push(Buffer.from(message.payload));
      onFrame(message.payload);
    }
    for (const check of waiting) check();
  });
  // A reset is a close as any other; `close` follows it.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
    closed.resolve(code);
    for (const check of waiting) check();
  });
  socket.resume();

  /** The `nth` frame from `from` on that fits; undefined when the connection closes before it comes. */
  function frameFrom(from: number, fits: (frame: Buffer) => boolean, nth = 1): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = received.slice(from).filter(fits)[nth - 1];
        if (found === undefined && !isClosed) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });
  }

  const client: RawClient = {
    roomId,
    received,
    closed: closed.promise,
    get isClosed() {
      return isClosed;
    },
    send: (...frames) => client.write(Buffer.concat(frames.map((frame) => webSocketFrame(frame)))),
    write(bytes) {
      if (socket.writable) socket.write(bytes);
    },
    async request(payload, type = "command") {
      requestId = (requestId + 1) % 128;
      const id = requestId;
      const from = received.length;
      client.send(requestFrame(id, type, payload));
      const frame = await frameFrom(from, (one) => one[0] === PROTOCOL.RESPONSE && one[1] === id);
      if (frame === undefined) throw new Error(`closed before the answer: ${await closed.promise}`);
      return frame.length > 3 ? msgpackr.unpack(frame.subarray(3)) : undefined;
    },
    async roundTrip(pings = 0) {
      const from = received.length;
      client.send(Buffer.from([PROTOCOL.PING]));
      return (await frameFrom(from, (frame) => frame[0] === PROTOCOL.PING, pings + 1)) !== undefined;
    },
    destroy: () => socket.destroy(),
  };
  return client;
}

/** Servers neither mask nor, to these clients, fragment. */
function takeMessage(bytes: Buffer): { opcode: number; payload: Buffer; bytes: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const header = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < header) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < header + length) return undefined;
  return {
    opcode: bytes.readUInt8(0) & 0x0f,
    payload: bytes.subarray(header, header + length),
    bytes: header + length,
  };
}
