import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Summary } from "../load.ts";

export interface Peer {
  readonly name: string;
  readonly version: string;
  run(order: { inFlight: number; pool: number; ms: number }): Promise<Summary>;
  close(): void;
}

export interface MissingPeer {
  readonly name: string;
  readonly missing: string;
}

const PEERS = [
  { folder: "emmett", name: "@event-driven-io/emmett-postgresql" },
  { folder: "dcb-es", name: "@dcb-es/event-store-postgres" },
  { folder: "message-db", name: "@eventide/message-db" },
] as const;

/** Installs (where that has not been done) and starts each peer in a process of its own; those that cannot be had are named. */
export async function startPeers(
  databaseUrl: string,
  progress: (text: string) => void,
): Promise<(Peer | MissingPeer)[]> {
  const started: (Peer | MissingPeer)[] = [];
  for (const { folder, name } of PEERS) {
    try {
      started.push(await startPeer(folder, name, databaseUrl, progress));
    } catch (error) {
      const missing = error instanceof Error ? error.message : String(error);
      progress(`${name} is missing: ${missing}`);
      started.push({ name, missing });
    }
  }
  return started;
}

async function startPeer(
  folder: string,
  name: string,
  databaseUrl: string,
  progress: (text: string) => void,
): Promise<Peer> {
  const home = new URL(`../peers/${folder}/`, import.meta.url);
  const manifest = new URL(`node_modules/${name}/package.json`, home);
  if (!existsSync(manifest)) {
    progress(`installing ${name} (once)`);
    await install(fileURLToPath(home));
  }
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  const child = spawn(process.execPath, [fileURLToPath(new URL("run.mjs", home))], {
    env: { ...process.env, PEER_DATABASE_URL: databaseUrl },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ask = conversation(child);
  await ask(undefined);
  return {
    name,
    version,
    run: async (order) => (await ask(order)) as unknown as Summary,
    close: () => void child.stdin?.end(),
  };
}

type Answer = Readonly<Record<string, unknown>>;

/** One order, one answer, in turn. A peer that ends answers with the last of what it said on stderr. */
function conversation(child: ChildProcess): (order: object | undefined) => Promise<Answer> {
  let stderr = "";
  let waiting: ((answer: Answer) => void) | undefined;
  let ended: Answer | undefined;
  const answer = (value: Answer) => {
    waiting?.(value);
    waiting = undefined;
  };
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-2_000);
  });
  child.on("close", (code) => {
    ended = { error: `ended with code ${code}: ${stderr}` };
    answer(ended);
  });
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on("line", (line) => answer(JSON.parse(line) as Answer));
  return async (order) => {
    const said = await new Promise<Answer>((resolve) => {
      if (ended !== undefined) return resolve(ended);
      waiting = resolve;
      if (order !== undefined) child.stdin?.write(`${JSON.stringify(order)}\n`);
    });
    if (typeof said.error === "string") throw new Error(said.error);
    return said;
  };
}

function install(cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("npm", ["ci", "--no-audit", "--no-fund"], { cwd, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-500);
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0
        ? resolve()
        : reject(
            new Error(
              `npm ci: ${
                stderr
                  .match(/npm error .*/g)
                  ?.slice(0, 2)
                  .join("; ") ?? stderr
              }`,
            ),
          ),
    );
  });
}
