import { createServer, connect as dial, type Socket } from "node:net";

/** Connections to one port go to whichever of these answers its health check. */
export interface Frontend {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly targets: readonly Target[];
}

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Answers 200 while the target can be used. */
  readonly health: string;
}

const CHECK_EVERY_MS = 500;
/** ms after which a check that has not been answered has failed: a process that is paused takes connections all the same. */
const CHECK_TIMEOUT_MS = 1_500;
const DIAL_TIMEOUT_MS = 1_000;

/**
 * Hands on connections, whatever they carry: each goes to the next target that is well, and to the one after that if it cannot be
 * had. Connections to a target that fails its check are ended: whoever is on one must not wait for an answer that will not come.
 */
export async function startBalancer(
  frontend: Frontend,
  onChange: (line: string) => void,
): Promise<() => Promise<void>> {
  const { name, host, port } = frontend;
  const targets = frontend.targets.map((target) => ({ ...target, well: true, sockets: new Set<Socket>() }));
  let turn = 0;

  async function check(target: (typeof targets)[number]): Promise<void> {
    const well = await fetch(target.health, { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) }).then(
      async (response) => {
        await response.body?.cancel();
        return response.status === 200;
      },
      () => false,
    );
    if (well !== target.well) onChange(`${name}: ${target.host}:${target.port} is ${well ? "well" : "not well"}`);
    target.well = well;
    if (!well) for (const socket of target.sockets) socket.destroy();
  }

  async function hand(client: Socket): Promise<void> {
    turn += 1;
    const inTurn = targets.map((_, i) => targets[(turn + i) % targets.length]).filter((one) => one !== undefined);
    for (const target of inTurn.sort((a, b) => Number(b.well) - Number(a.well))) {
      const upstream = await reach(target);
      if (upstream === undefined) continue;
      target.sockets.add(upstream);
      join(client, upstream, () => target.sockets.delete(upstream));
      return;
    }
    client.destroy();
  }

  // Half-open: a client that has said all it has to say may still wait for the answer.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    client.on("error", () => client.destroy());
    void hand(client);
  });
  const checking = setInterval(() => {
    for (const target of targets) void check(target);
  }, CHECK_EVERY_MS);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  return async () => {
    clearInterval(checking);
    const closed = new Promise((resolve) => server.close(resolve));
    for (const { sockets } of targets) for (const socket of sockets) socket.destroy();
    await closed;
  };
}

/** Undefined: nobody takes the connection. */
function reach({ host, port }: Target): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = dial({ host, port, allowHalfOpen: true, noDelay: true });
    const give = (): void => {
      clearTimeout(timer);
      resolve(undefined);
      socket.destroy();
    };
    const timer = setTimeout(give, DIAL_TIMEOUT_MS);
    socket.once("error", give);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", give);
      resolve(socket);
    });
  });
}

function join(client: Socket, upstream: Socket, ended: () => void): void {
  upstream.on("error", () => upstream.destroy());
  client.once("close", () => upstream.destroy());
  upstream.once("close", () => {
    client.destroy();
    ended();
  });
  if (client.destroyed) upstream.destroy();
  client.setNoDelay(true);
  client.pipe(upstream).pipe(client);
  client.resume();
}
