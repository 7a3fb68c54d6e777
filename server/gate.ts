import type { IncomingHttpHeaders } from "node:http";
import type { RefusalCode } from "../domain/codes.ts";
import { type AddressOf, createAddressOf, type Forwarded } from "./addresses.ts";
import type { Config } from "./config.ts";
import { createOrigins, type Origins } from "./origins.ts";

/** What a request says of where it comes from. */
export type Where = Pick<IncomingHttpHeaders, "origin" | "host"> & Forwarded;

/** Who may open a connection to a port: by the page that asks for it, and by how many there are already. */
export interface Gate {
  readonly addressOf: AddressOf;
  readonly allows: Origins;
  /** Why this one may not. @param connected the address at the other end, a proxy's perhaps */
  refusalOf(connected: string | undefined, headers: Where): RefusalCode | undefined;
  /** Counts one, until what is returned is called. */
  opened(connected: string | undefined, headers: Where): () => void;
}

export function createGate(
  config: Pick<Config, "allowedOrigins" | "production" | "trustProxy" | "maxConnections">,
): Gate {
  const addressOf = createAddressOf(config.trustProxy);
  const allows = createOrigins(config);
  const connections = new Connections(config.maxConnections);
  return {
    addressOf,
    allows,
    refusalOf: (connected, headers) =>
      allows(headers.origin, headers.host) ? connections.refusalOf(addressOf(connected, headers)) : "FORBIDDEN",
    opened: (connected, headers) => connections.opened(addressOf(connected, headers)),
  };
}

/** Connections that a node holds, in all and from each address. */
class Connections {
  readonly #most: number;
  readonly #mostFrom: number;
  readonly #from = new Map<string, number>();
  #size = 0;

  constructor({ connections, perAddress }: { readonly connections: number; readonly perAddress: number }) {
    this.#most = connections;
    this.#mostFrom = perAddress;
  }

  /** Why one more from there does not fit. */
  refusalOf(address: string): RefusalCode | undefined {
    if (this.#size >= this.#most) return "BUSY";
    return (this.#from.get(address) ?? 0) >= this.#mostFrom ? "RATE_LIMITED" : undefined;
  }

  /** Counts one, until what is returned is called. */
  opened(address: string): () => void {
    this.#size += 1;
    this.#from.set(address, (this.#from.get(address) ?? 0) + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#size -= 1;
      const left = (this.#from.get(address) ?? 1) - 1;
      if (left === 0) this.#from.delete(address);
      else this.#from.set(address, left);
    };
  }
}
