import { afterAll, beforeAll, expect } from "vitest";
import { type DemoServer, startServerProcess } from "../../server/demo-server.ts";
import { freePort } from "../../server/ports.ts";
import type { TestDatabase } from "./postgres.ts";

export interface TestServerProcess {
  readonly gameUrl: string;
  readonly apiUrl: string;
  readonly pid: number;
  /** What it has logged, over all its lives. */
  log(): string;
  /** Ends it, and waits until it has ended. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** On the same ports, with the same database. */
  start(): Promise<void>;
  /** Sum of a counter of /metrics, over the series that have this label text, e.g. `code="BUSY"`. */
  metric(name: string, label?: string): Promise<number>;
}

/** Tests play faster than people, and wait for a read model for as long as a busy machine needs. */
export const FAST = { COMMANDS_PER_SECOND: "100000", FRAMES_PER_SECOND: "100000", FRESH_WITHIN_MS: "30000" };

/** A server process for the calling file or describe block. Its end fails the block if it logged a bug, or did not end well. */
export function useServerProcess(
  database: TestDatabase,
  env: Readonly<Record<string, string>> = FAST,
): TestServerProcess {
  let server: DemoServer | undefined;
  let ports: { GAME_PORT: string; API_PORT: string } | undefined;
  let log = "";

  function running(): DemoServer {
    if (server === undefined) throw new Error("the server has not been started");
    return server;
  }

  async function start(): Promise<void> {
    ports ??= { GAME_PORT: String(await freePort("127.0.0.1")), API_PORT: String(await freePort("127.0.0.1")) };
    server = await startServerProcess({ DATABASE_URL: database.url, DEMO_WORLD: "false", ...ports, ...env });
    for (const stream of [server.process.stdout, server.process.stderr])
      stream?.on("data", (chunk: Buffer) => {
        log += chunk.toString();
      });
  }

  beforeAll(start);
  afterAll(async () => {
    const { process, stop } = running();
    const alive = process.exitCode === null && process.signalCode === null;
    await stop("SIGTERM");
    expect(alive, `the server was gone before the end:\n${log}`).toBe(true);
    expect(process.exitCode, log).toBe(0);
    expect(log).not.toMatch(/uncaught exception|unhandled rejection/i);
  });

  return {
    get gameUrl() {
      return running().gameUrl.replace("localhost", "127.0.0.1");
    },
    get apiUrl() {
      return running().apiUrl.replace("localhost", "127.0.0.1");
    },
    get pid() {
      return running().process.pid ?? 0;
    },
    log: () => log,
    stop: (signal) => running().stop(signal),
    start,
    async metric(name, label = "") {
      const text = await (await fetch(`${this.apiUrl}/metrics`)).text();
      const lines = text.split("\n").filter((line) => line.startsWith(name) && line.includes(label));
      return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    },
  };
}
