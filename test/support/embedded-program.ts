import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Account } from "../../server/postgres-folder.ts";

export interface Told {
  readonly url?: string;
  readonly pid?: number;
  readonly notices?: readonly string[];
  readonly code?: string;
  readonly message?: string;
}

export interface Program {
  readonly told: Told;
  /** Ends it as its user would. */
  end(): Promise<void>;
  /** kill -9, which leaves its PostgreSQL behind. */
  kill(): Promise<void>;
}

/** Starts the embedded PostgreSQL in a process of its own, by default from this project and as this user. */
export async function startProgram(args: readonly string[], root = process.cwd(), account?: Account): Promise<Program> {
  const child = spawn(process.execPath, [join(root, "test/support/embedded-child.ts"), ...args], {
    ...account,
    cwd: "/",
    env: {},
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const line = await Promise.race([
    once(createInterface(child.stdout), "line").then(([text]: string[]) => text),
    exited.then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`the program ended without a word: ${errors}`);
  return {
    told: JSON.parse(line) as Told,
    async end() {
      child.stdin.end();
      await exited;
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
