import type { AuthContext, Client, Room } from "@colyseus/core";
import { CLOSE_CODES } from "../domain/codes.ts";
import type { Telemetry } from "./telemetry.ts";

// What the base room has to do with the insides of Colyseus' own, all of it: a newer Colyseus is to be held against this page.

/** Colyseus knows where a seat is taken from, and tells only `onAuth`, which has been asked before: over HTTP, without an address. */
export function noteAddresses(room: Room, addresses: WeakMap<Client, string>): void {
  const internals = room as unknown as { _onJoin(client: Client, context: AuthContext, ...rest: unknown[]): unknown };
  const join = internals._onJoin.bind(room);
  internals._onJoin = (client, context, ...rest) => {
    if (context?.ip !== undefined) addresses.set(client, context.ip);
    return join(client, context, ...rest);
  };
}

/** A room that ends waits for whoever has been given a seat, for as long as the seat lasts; who comes is then told that it is gone. */
export function voidSeats(room: Room): void {
  const internals = room as unknown as {
    readonly _reservedSeats: Record<string, unknown>;
    readonly _reservedSeatTimeouts: Record<string, NodeJS.Timeout>;
    _autoDisposeTimeout: NodeJS.Timeout | undefined;
  };
  for (const [id, timeout] of Object.entries(internals._reservedSeatTimeouts)) {
    clearTimeout(timeout);
    delete internals._reservedSeatTimeouts[id];
    delete internals._reservedSeats[id];
  }
  clearTimeout(internals._autoDisposeTimeout);
  internals._autoDisposeTimeout = undefined;
}

/** Colyseus decodes frames without a net: a fault in there would end the process, so nothing reaches it unchecked. */
export function guardFrames(
  room: Room,
  admit: (client: Client, frame: Uint8Array) => boolean,
  telemetry: Telemetry,
): void {
  const internals = room as unknown as { _onMessage(client: Client, frame: Buffer): void };
  const receive = internals._onMessage.bind(room);
  internals._onMessage = (client, frame) => {
    try {
      if (admit(client, frame)) receive(client, frame);
    } catch (error) {
      telemetry.fault("frame", error);
      client.leave(CLOSE_CODES.WITH_ERROR);
    }
  };
}
