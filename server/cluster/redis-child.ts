import { isErrno } from "../postgres-folder.ts";
import { type ClusterProcess, createChild } from "./child.ts";

/** There is no Redis to start; the message says how to get one. */
export class NoRedisError extends Error {
  override readonly name = "NoRedisError";
}

/** A Redis that keeps nothing: whatever is in it can be made anew. @throws NoRedisError by `start` */
export function createRedisChild(
  port: number,
  options: { readonly folder: string; readonly logFile: string; readonly onLog?: (name: string, line: string) => void },
): ClusterProcess {
  const settings = { port, bind: "127.0.0.1", save: "", appendonly: "no", dir: options.folder };
  const child = createChild({
    name: "redis",
    role: "redis",
    command: "redis-server",
    args: Object.entries(settings).flatMap(([setting, value]) => [`--${setting}`, String(value)]),
    env: {},
    ready: /ready to accept connections/i,
    logFile: options.logFile,
    onLog: options.onLog,
  });
  return {
    ...child,
    async start() {
      try {
        await child.start();
      } catch (error) {
        if (!isErrno(error, "ENOENT")) throw error;
        throw new NoRedisError(
          "redis-server is not installed: get it with `apt install redis-server` or `brew install redis`, or set REDIS_URL to one that runs",
        );
      }
    },
  };
}
