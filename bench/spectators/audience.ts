import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { decode } from "@colyseus/schema";

/**
 * Sockets that watch, in a process of its own: `node audience.ts <port> <room> <combat id> <sockets> <how many of them stop reading> [events]`, told over
 * its channel when to count. They read the headers of frames, and of a patch the version, its first field: a client that decodes all of
 * it would measure itself.
 */
export type AudienceMessage =
  | { readonly type: "ready" }
  | { readonly type: "counted"; readonly counts: Counts }
  | { readonly type: "begin" }
  /** `at`: ms of the machine's monotonic clock. */
  | { readonly type: "end"; readonly sentAt: readonly (readonly [version: number, at: number])[] }
  | { readonly type: "stop reading" };

export interface Counts {
  readonly patches: number;
  /** By how much the sockets' versions rose, all together. */
  readonly versions: number;
  /** ms from an action's being sent to its patch at a socket that reads: every one. */
  readonly delays: readonly number[];
  /** Sockets that the server closed, by code. */
  readonly closed: Readonly<Record<string, number>>;
  readonly cpuMs: number;
}

const JOIN_ROOM = 10;
const ROOM_STATE = 14;
const ROOM_STATE_PATCH = 15;
/** How schema 5 begins a patch of the root: an operation on its first field. */
const FIRST_FIELD = 0x80;

const [port, room, combatId, count, slow, events] = process.argv.slice(2);
const state = { counting: false, patches: 0, versions: 0 };
const seen: { readonly after: number; readonly version: number; readonly at: number }[] = [];
const closed: Record<string, number> = {};

/** The same in all processes of a machine. */
function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

async function join(reads: boolean): Promise<Socket> {
  const response = await fetch(`http://127.0.0.1:${port}/matchmake/joinOrCreate/${room}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${crypto.randomUUID()}` },
    body: JSON.stringify({ combatId, events: events === "events" }),
  });
  const seat = (await response.json()) as { processId: string; roomId: string; sessionId: string; error?: string };
  if (!response.ok) throw new Error(`join: ${seat.error}`);
  const socket = connect({ host: "127.0.0.1", port: Number(port), noDelay: true });
  socket.write(
    `GET /${seat.processId}/${seat.roomId}?sessionId=${seat.sessionId} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n` +
      `Connection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  return new Promise((resolve, reject) => {
    let unread: Buffer = Buffer.alloc(0);
    let upgraded = false;
    let shown = 0;
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed while joining")));
    socket.on("data", (chunk: Buffer) => {
      let bytes = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
      if (!upgraded) {
        const end = bytes.indexOf("\r\n\r\n");
        if (end < 0) {
          unread = bytes;
          return;
        }
        upgraded = true;
        bytes = bytes.subarray(end + 4);
      }
      let at = 0;
      while (bytes.length - at >= 2) {
        const short = bytes.readUInt8(at + 1);
        const header = short === 126 ? 4 : short === 127 ? 10 : 2;
        if (bytes.length - at < header) break;
        const length =
          short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
        if (bytes.length - at < header + length) break;
        onFrame(bytes.readUInt8(at) & 0x0f, bytes, at + header);
        at += header + length;
      }
      unread = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
    });

    function onFrame(opcode: number, bytes: Buffer, at: number): void {
      if (opcode === 8) {
        const code = String(bytes.readUInt16BE(at));
        closed[code] = (closed[code] ?? 0) + 1;
        return;
      }
      if (opcode !== 2) return;
      switch (bytes[at]) {
        case JOIN_ROOM:
          socket.write(Buffer.from([0x82, 0x81, 0, 0, 0, 0, JOIN_ROOM]));
          return;
        case ROOM_STATE:
          resolve(socket);
          return;
        case ROOM_STATE_PATCH: {
          if (!state.counting) return;
          if (bytes[at + 1] !== FIRST_FIELD)
            throw new Error(
              `a patch that does not begin with the version: ${bytes.subarray(at, at + 12).toString("hex")}`,
            );
          const version = decode.number(bytes, { offset: at + 2 });
          state.patches += 1;
          if (shown > 0) state.versions += version - shown;
          if (reads && shown > 0) seen.push({ after: shown, version, at: clock() });
          shown = version;
          return;
        }
      }
    }
  });
}

const sockets: { readonly socket: Socket; readonly reads: boolean }[] = [];
for (let i = 0; i < Number(count); i += 1) {
  const reads = i >= Number(slow);
  sockets.push({ socket: await join(reads), reads });
}
for (const { socket } of sockets) socket.removeAllListeners("error").on("error", () => undefined);
const tell = (message: AudienceMessage): void => void process.send?.(message);
let cpu = process.cpuUsage();

process.on("message", (message: AudienceMessage) => {
  switch (message.type) {
    case "begin":
      Object.assign(state, { counting: true, patches: 0, versions: 0 });
      seen.length = 0;
      cpu = process.cpuUsage();
      return;
    case "stop reading":
      for (const { socket, reads } of sockets) if (!reads) socket.pause();
      return;
    case "end": {
      state.counting = false;
      const { user, system } = process.cpuUsage(cpu);
      const sentAt = new Map(message.sentAt);
      const delays: number[] = [];
      for (const { after, version, at } of seen) {
        // One patch may show several actions.
        for (let shows = after + 1; shows <= version; shows += 1) {
          const sent = sentAt.get(shows);
          if (sent !== undefined) delays.push(at - sent);
        }
      }
      const { patches, versions } = state;
      tell({ type: "counted", counts: { patches, versions, delays, closed, cpuMs: (user + system) / 1_000 } });
      return;
    }
  }
});
process.on("disconnect", () => process.exit(0));
tell({ type: "ready" });
