import { createServer } from "node:net";

/** A port cannot be had; the message says what to do. */
export class PortError extends Error {
  override readonly name = "PortError";
}

/**
 * @throws PortError if the port is taken. uWebSockets.js shares its ports: without asking first, a second server would start
 * beside the one that has it, and each get some of the connections.
 */
export async function assertPortFree(port: number, host: string, variable: string): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE"
          ? "is taken by another program"
          : error.code === "EACCES"
            ? "may not be used by this user"
            : `cannot be used (${error.message})`;
      reject(new PortError(`port ${port} ${reason}: set ${variable} to another one`));
    });
    probe.listen({ port, host, exclusive: true }, resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}

/** Below those that systems give to outgoing connections, one of which could take the port before it is used. */
const [LOWEST, HIGHEST] = [10_000, 32_000];

/** A port that nobody has at this moment. */
export async function freePort(host: string): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    // The system's own choice, if all of these are taken.
    const wanted = tries < 50 ? LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST)) : 0;
    const port = await listenOnce(wanted, host);
    if (port !== undefined) return port;
  }
}

/** Undefined: somebody has it. */
async function listenOnce(wanted: number, host: string): Promise<number | undefined> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => probe.once("error", reject).listen(wanted, host, resolve));
  } catch (error) {
    if (wanted === 0) throw error;
    return undefined;
  }
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
