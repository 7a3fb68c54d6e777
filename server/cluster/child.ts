import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export type ClusterRole = "postgres" | "redis" | "balancer" | "game" | "api" | "projector";

/** One process of a cluster, which may be ended and begun again. */
export interface ClusterProcess {
  readonly name: string;
  readonly role: ClusterRole;
  /** Undefined: it does not run. */
  pid(): number | undefined;
  /** SIGKILL, SIGTERM and SIGINT: resolves when it has ended. SIGSTOP and SIGCONT: at once. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Again, on the same ports; resolves when it is ready. Nothing, if it runs. */
  start(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  readonly role: ClusterRole;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A line of its output that says that it is ready; default: it is a program of ours, and sends `ready`. */
  readonly ready?: RegExp;
  /** Where its output goes, over all its lives. */
  readonly logFile: string;
  readonly onLog?: ((name: string, line: string) => void) | undefined;
}

const PASSING_SIGNALS: readonly NodeJS.Signals[] = ["SIGSTOP", "SIGCONT"];

/** A process of this machine, that has not been started yet. */
export function createChild(options: ChildOptions): ClusterProcess {
  const { name, role, command, args, env, ready, logFile, onLog } = options;
  let running: { readonly child: ChildProcess; readonly ended: Promise<void> } | undefined;

  function launch(): Promise<void> {
    const file = createWriteStream(logFile, { flags: "a", mode: 0o600 });
    // A group of its own: Ctrl-C is for whoever started it, which ends all in order.
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe", ...(ready === undefined ? (["ipc"] as const) : [])],
    });
    const { promise: isReady, resolve, reject } = Promise.withResolvers<void>();
    const last: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream as Readable }).on("line", (line) => {
        file.write(`${line}\n`);
        onLog?.(name, line);
        last.push(line);
        if (last.length > 40) last.shift();
        if (ready?.test(line)) resolve();
      });
    child.on("message", (message) => {
      if (message === "ready") resolve();
    });
    const endWithUs = (): void => void child.kill("SIGKILL");
    process.once("exit", endWithUs);
    const ended = new Promise((resolve) => {
      child.once("close", resolve);
      // It was never started: then nothing closes.
      child.once("error", resolve);
    }).then((reason) => {
      process.off("exit", endWithUs);
      file.end();
      running = undefined;
      reject(reason instanceof Error ? reason : new Error(`${name} ended before it was ready:\n${last.join("\n")}`));
    });
    running = { child, ended };
    return isReady;
  }

  return {
    name,
    role,
    pid: () => running?.child.pid,
    async kill(signal) {
      if (running === undefined) return;
      const { child, ended } = running;
      child.kill(signal);
      if (!PASSING_SIGNALS.includes(signal)) await ended;
    },
    async start() {
      if (running === undefined) await launch();
    },
  };
}
