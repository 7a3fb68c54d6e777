import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export interface DemoServer {
  readonly process: ChildProcess;
  readonly gameUrl: string;
  readonly apiUrl: string;
  /** As Ctrl-C would; resolves when the process has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const READY = /ready: game (ws:\/\/\S+), API (http:\/\/\S+)/;

/** Starts a server as a process of its own, as a user would, and waits until it takes connections. */
export function startServerProcess(env: Readonly<Record<string, string>>): Promise<DemoServer> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./main.ts", import.meta.url))], {
    env: { ...process.env, GAME_PORT: "0", API_PORT: "0", HOST: "127.0.0.1", ...env },
    // The channel tells it when this process is gone, however it went.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const { stdout, stderr } = child as ChildProcess & { stdout: Readable; stderr: Readable };
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let output = "";
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
      const ready = READY.exec(output);
      if (ready === null) return;
      stdout.off("data", read);
      // Kept flowing: a full pipe would stop the server.
      stdout.resume();
      resolve({
        process: child,
        gameUrl: ready[1] ?? "",
        apiUrl: ready[2] ?? "",
        async stop(signal = "SIGINT") {
          if (child.exitCode === null && child.signalCode === null) child.kill(signal);
          await ended;
        },
      });
    };
    stdout.on("data", read);
    stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      reject(new Error(`the server ended before it was ready (${code ?? signal}):\n${output}`)),
    );
  });
}
