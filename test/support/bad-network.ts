import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy before a port of the game's or of Redis: the network between, as bad as a test wants it. */
export interface BadNetwork {
  /** For clients, instead of the server's own. */
  readonly url: string;
  /** Bytes in a direction are dropped; what was lost stays lost. */
  lose(direction: "commands" | "answers", lost: boolean): void;
  /** Answers come so many ms later, in their order. */
  late(ms: number): void;
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
  const pairs = new Set<{
    readonly client: Socket;
    readonly server: Socket;
    silent: boolean;
    due: number;
    waiting: number;
  }>();
  const lost = { commands: false, answers: false };
  let stalled = false;
  let lateMs = 0;

  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    const pair = { client, server, silent: false, due: 0, waiting: 0 };
    pairs.add(pair);
    const end = (): void => {
      if (pair.silent) return;
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    client.on("data", (bytes) => lost.commands || pair.silent || server.write(bytes));
    server.on("data", (bytes) => {
      if (lost.answers || pair.silent) return;
      if (lateMs === 0 && pair.waiting === 0) {
        client.write(bytes);
        return;
      }
      pair.due = Math.max(pair.due, performance.now() + lateMs);
      pair.waiting += 1;
      setTimeout(
        () => {
          pair.waiting -= 1;
          if (client.writable) client.write(bytes);
        },
        Math.max(0, pair.due - performance.now()),
      );
    });
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
    late(ms) {
      lateMs = ms;
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
