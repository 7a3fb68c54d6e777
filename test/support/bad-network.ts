import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy before a game port: the network between, as bad as a test wants it. */
export interface BadNetwork {
  /** For clients, instead of the game's. */
  readonly url: string;
  /** Bytes in a direction are dropped; what was lost stays lost. */
  lose(direction: "commands" | "answers", lost: boolean): void;
  /** Nothing is read from the server any more, so that it has to keep what it sends; and on again. */
  stall(stalled: boolean): void;
  /** Present connections go silent for ever, without an end. Later ones work. */
  blackhole(): void;
  /** Resets all present connections. */
  cut(): void;
  close(): Promise<void>;
}

export async function openBadNetwork(gameUrl: string): Promise<BadNetwork> {
  const { hostname, port } = new URL(gameUrl);
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket; silent: boolean }>();
  const lost = { commands: false, answers: false };
  let stalled = false;

  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    const pair = { client, server, silent: false };
    pairs.add(pair);
    const end = (): void => {
      if (pair.silent) return;
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    client.on("data", (bytes) => lost.commands || pair.silent || server.write(bytes));
    server.on("data", (bytes) => lost.answers || pair.silent || client.write(bytes));
    for (const socket of [client, server]) socket.on("error", end).on("close", end);
    if (stalled) server.pause();
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));

  function cut(): void {
    for (const pair of pairs) {
      pair.silent = false;
      pair.client.resetAndDestroy();
      pair.server.resetAndDestroy();
    }
    pairs.clear();
  }

  return {
    url: `ws://127.0.0.1:${(proxy.address() as { port: number }).port}`,
    lose: (direction, isLost) => {
      lost[direction] = isLost;
    },
    stall(isStalled) {
      stalled = isStalled;
      for (const { server } of pairs) isStalled ? server.pause() : server.resume();
    },
    blackhole() {
      for (const pair of pairs) pair.silent = true;
    },
    cut,
    close() {
      cut();
      return new Promise((resolve) => proxy.close(() => resolve()));
    },
  };
}
