import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { freePort } from "../../server/ports.ts";

export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** A Redis of the test's own, that it may kill and pause. */
export interface PrivateRedis extends TestRedis {
  /** kill -9. */
  kill(): Promise<void>;
  /** On the same port, with what the last SAVE has written. */
  start(): Promise<void>;
  /** Connections stay open, and nothing answers. */
  pause(): void;
  resume(): void;
}

/** The Redis that REDIS_URL names, or else one started with the local binary or in a container. Shared: use a prefix. */
export async function findRedis(): Promise<TestRedis> {
  const given = inject("redisUrl");
  if (given !== "") return { url: given, stop: async () => undefined };
  return (await startPrivateRedis()) ?? startContainer();
}

/** Undefined where there is no `redis-server`. */
export async function startPrivateRedis(): Promise<PrivateRedis | undefined> {
  const port = await freePort("127.0.0.1");
  let child = await launch(port);
  if (child === undefined) return undefined;
  process.once("exit", () => child?.kill("SIGKILL"));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGCONT");
    child.kill(signal);
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      await end("SIGTERM");
      await rm(join(tmpdir(), dumpOf(port)), { force: true });
    },
    kill: () => end("SIGKILL"),
    async start() {
      child = await launch(port);
    },
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
  };
}

const dumpOf = (port: number): string => `aether-test-redis-${port}.rdb`;

async function launch(port: number): Promise<ChildProcess | undefined> {
  const own = ["--dir", tmpdir(), "--dbfilename", dumpOf(port)];
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...own];
  const child = spawn("redis-server", args, { stdio: "ignore" });
  const missing = once(child, "error").then(() => true);
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (await Promise.race([missing, sleep(25, false)])) return undefined;
    if (await answers(port)) return child;
  }
  child.kill("SIGKILL");
  throw new Error(`redis-server does not answer on port ${port}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

async function startContainer(): Promise<TestRedis> {
  const { GenericContainer } = await import("testcontainers");
  const container = await new GenericContainer("redis:7-alpine").withExposedPorts(6379).start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    stop: async () => void (await container.stop()),
  };
}
