import { connect, createServer, type Socket } from "node:net";

/** A TCP relay before servers of one kind, that sends connections to the one that a test names: a load balancer, or a floating address. */
export interface Balancer {
  readonly port: number;
  /** From now on; present connections stay where they are. */
  to(port: number): void;
  /** Resets all present connections. */
  cut(): void;
  close(): Promise<void>;
}

export async function openBalancer(port: number): Promise<Balancer> {
  let target = port;
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connect(target, "127.0.0.1");
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (relay.address() as { readonly port: number }).port,
    to: (to) => {
      target = to;
    },
    cut,
    close() {
      cut();
      return new Promise((resolve) => relay.close(() => resolve()));
    },
  };
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}
