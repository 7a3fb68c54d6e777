import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, test } from "vitest";
import { useDatabase } from "../support/postgres.ts";
import { createTaken, eventually, expectAllTaken, sequencesTaken, taken } from "./taken.ts";
import { startWriters } from "./writers.ts";

interface Child {
  readonly process: ChildProcess;
  /** That it has taken. */
  readonly batches: () => number;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

async function startChild(url: string, node: string, batch = 50): Promise<Child> {
  const script = join(import.meta.dirname, "consumer-child.ts");
  const child = spawn(process.execPath, [script, `--url=${url}`, `--node=${node}`, `--batch=${batch}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout);
  let batches = -1;
  lines.on("line", () => (batches += 1));
  await once(lines, "line");
  return {
    process: child,
    batches: () => batches,
    async kill(signal = "SIGKILL") {
      const exited = once(child, "exit");
      if (signal === "SIGTERM") child.stdin.end();
      else child.kill(signal);
      await exited;
    },
  };
}

const nodesOf = async (url: string) => new Set((await taken(url, "all")).map(({ node }) => node));

describe("[CONS-1] under sixteen writers, some of them slow, some in vain, nothing is lost or taken twice", () => {
  const database = useDatabase();

  test("by a consumer that is killed again and again", async () => {
    await createTaken(database.url);
    const writers = startWriters(database.url);
    for (let life = 0; life < 4 || (await nodesOf(database.url)).size < 3; life += 1) {
      const child = await startChild(database.url, `life-${life}`);
      // Some live for as long as it takes to take something, or on a slow machine none would.
      if (life % 2 === 1) await eventually(child.batches).toBeGreaterThan(0);
      await sleep(150 + Math.random() * 300);
      await child.kill();
    }
    await writers.end();
    const last = await startChild(database.url, "last");
    await expectAllTaken(database.url, "all");
    await last.kill("SIGTERM");
  });
});

describe("[CONS-1] [CONS-2] two processes compete for one consumer", () => {
  const database = useDatabase();

  test("and together take every event once and in order, while the one at work is killed", async () => {
    await createTaken(database.url);
    const writers = startWriters(database.url);
    let children = [await startChild(database.url, "a"), await startChild(database.url, "b")];
    for (const name of ["c", "d", "e"]) {
      await sleep(500);
      const [one, other] = children;
      await eventually(() => one?.batches() !== other?.batches()).toBe(true);
      const [busy, idle] = children.toSorted((x, y) => y.batches() - x.batches());
      if (busy === undefined || idle === undefined) throw new Error("two were started");
      const before = (await sequencesTaken(database.url, "all")).length;
      await busy.kill();
      await eventually(async () => (await sequencesTaken(database.url, "all")).length, {
        interval: 10,
      }).toBeGreaterThan(before + 50);
      children = [idle, await startChild(database.url, name)];
    }
    await writers.end();
    await expectAllTaken(database.url, "all");
    for (const child of children) await child.kill("SIGTERM");
  });
});
