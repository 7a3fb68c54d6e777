import { decode, encode, type Iterator } from "@colyseus/schema";
import { Packr } from "msgpackr";
import WebSocket from "ws";

/** What the bench needs of the SDK, and no more: a load generator that decodes every patch would measure itself. */
const JOIN_ROOM = 10;
const ROOM_STATE = 14;
const ROOM_REQUEST = 21;
const ROOM_RESPONSE = 22;

const packr = new Packr({ useRecords: false });

interface Seat {
  readonly processId: string;
  readonly roomId: string;
  readonly sessionId: string;
  readonly publicAddress?: string;
  readonly error?: string;
}

export interface DuelClient {
  readonly playerId: string;
  /** Patches and full states received. */
  patches(): number;
  /** Resolves with the version when the server has answered; rejects on anything but an acceptance. */
  request(message: object): Promise<number>;
  close(): void;
}

export const localGame = (port: number): string => `http://127.0.0.1:${port}`;

/** @param url of the game port, as http; where the room is, it says itself if it is elsewhere */
export async function joinDuel(url: string, combatId: string, playerId: string, token: string): Promise<DuelClient> {
  const response = await fetch(`${url}/matchmake/joinOrCreate/combat`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ combatId }),
  });
  const seat = (await response.json()) as Seat;
  if (!response.ok) throw new Error(`join: ${seat.error}`);
  const host = seat.publicAddress ?? new URL(url).host;
  const socket = new WebSocket(`ws://${host}/${seat.processId}/${seat.roomId}?sessionId=${seat.sessionId}`);
  socket.binaryType = "nodebuffer";
  const waiting = new Map<number, { resolve: (version: number) => void; reject: (error: Error) => void }>();
  let patches = 0;
  let nextId = 0;
  const joined = Promise.withResolvers<void>();
  socket.on("error", joined.reject);
  socket.on("close", (code) => joined.reject(new Error(`closed: ${code}`)));
  socket.on("message", (data: Buffer) => {
    switch (data[0]) {
      case JOIN_ROOM:
        socket.send(Buffer.from([JOIN_ROOM]));
        return;
      case ROOM_STATE:
        joined.resolve();
        patches += 1;
        return;
      case ROOM_RESPONSE: {
        const it: Iterator = { offset: 1 };
        const pending = waiting.get(decode.number(data, it));
        const answer =
          data[it.offset] === 0
            ? (packr.unpack(data.subarray(it.offset + 1)) as { ok: boolean; code?: string; version?: number })
            : { ok: false, code: "ERROR", version: 0 };
        if (answer.ok) pending?.resolve(answer.version ?? 0);
        else pending?.reject(new Error(answer.code));
        return;
      }
      default:
        patches += 1;
    }
  });
  await joined.promise;
  const header = Buffer.alloc(64);
  return {
    playerId,
    patches: () => patches,
    request(message) {
      const id = nextId;
      nextId += 1;
      const it: Iterator = { offset: 1 };
      header[0] = ROOM_REQUEST;
      encode.number(header, id, it);
      encode.string(header, "command", it);
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      waiting.set(id, { resolve, reject });
      socket.send(Buffer.concat([header.subarray(0, it.offset), packr.pack(message)]));
      return promise.finally(() => waiting.delete(id));
    },
    close: () => socket.terminate(),
  };
}
