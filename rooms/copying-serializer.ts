import { type Client, ClientState, Protocol, SchemaSerializer } from "@colyseus/core";
import type { Schema } from "@colyseus/schema";

/**
 * Colyseus' serializer encodes every patch into one buffer of the room's and hands that buffer to the socket. A socket
 * that cannot send at once keeps it, and sends what the next patch has written over it. So each patch is copied, once for
 * all clients, and so is the full state that joiners get.
 */
export class CopyingSerializer<T extends Schema> extends SchemaSerializer<T> {
  readonly #onPatch: ((bytes: number, clients: number) => void) | undefined;
  #encoded: Uint8Array | undefined;
  #copy: Uint8Array | undefined;

  /** @param onPatch what a patch came to, and how many clients it was sent to */
  constructor(onPatch?: (bytes: number, clients: number) => void) {
    super();
    this.#onPatch = onPatch;
  }

  /** Until the state changes, one copy for all who join. */
  override getFullState(client?: Client): Uint8Array {
    const encoded = super.getFullState(client);
    if (this.#copy === undefined || encoded !== this.#encoded) this.#copy = Buffer.from(encoded);
    this.#encoded = encoded;
    return this.#copy;
  }

  /** Schemas here have no filtered views and no unreliable fields: one patch for all. */
  override applyPatches(clients: Client[]): boolean {
    if (clients.length === 0 || !this.encoder.hasChanges) return super.applyPatches(clients);
    this.needFullEncode = true;
    this.encoder.sharedBuffer[0] = Protocol.ROOM_STATE_PATCH;
    const patch = Buffer.from(this.encoder.encode({ offset: 1 }));
    this.encoder.discardChanges();
    let sent = 0;
    for (const client of clients) {
      if (client.state !== ClientState.JOINED) continue;
      client.raw(patch);
      sent += 1;
    }
    this.#onPatch?.(patch.length, sent);
    return true;
  }
}
