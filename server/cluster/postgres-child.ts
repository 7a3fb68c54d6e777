import { startEmbeddedPostgres } from "../embedded-postgres.ts";
import { isErrno } from "../postgres-folder.ts";
import type { PostgresProcess } from "../postgres-process.ts";
import type { ClusterProcess } from "./child.ts";
import { childrenOf } from "./processes-of.ts";

/** Each node has some forty connections when it is busy. */
const SETTINGS = { max_connections: 400 };

/** The embedded PostgreSQL as one process of a cluster. */
export async function startPostgresChild(
  folder: string,
  notice: (message: string) => void,
): Promise<ClusterProcess & { readonly url: string }> {
  let server: PostgresProcess | undefined = await startEmbeddedPostgres({ folder, notice, settings: SETTINGS });
  const { port, url } = server;
  let paused: readonly number[] = [];

  function follow(started: PostgresProcess): void {
    void started.exited.then(() => {
      if (server === started) server = undefined;
    });
  }
  follow(server);

  return {
    name: "postgres",
    role: "postgres",
    url,
    pid: () => server?.pid,
    async kill(signal) {
      if (server === undefined) return;
      const { pid, exited } = server;
      switch (signal) {
        case "SIGSTOP":
          paused = [pid, ...(await childrenOf(pid))];
          for (const one of paused) tell(one, signal);
          return;
        case "SIGCONT":
          for (const one of paused) tell(one, signal);
          paused = [];
          return;
        case "SIGKILL":
          process.kill(pid, signal);
          await exited;
          return;
        default:
          await server.stop();
      }
    },
    async start() {
      if (server !== undefined) return;
      server = await startEmbeddedPostgres({ folder, port, notice, settings: SETTINGS });
      follow(server);
    },
  };
}

/** A session may end between being found and being told. */
function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}
