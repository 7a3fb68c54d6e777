import { existsSync } from "node:fs";
import { access, chmod, constants, mkdtemp, readdir, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { embeddedBinaries } from "../../server/embedded-postgres.ts";
import { accountFor, type PostgresBinaries } from "../../server/postgres-folder.ts";
import { startPostgres } from "../../server/postgres-process.ts";

export interface TestServer {
  /** A superuser's connection to the database `postgres`, or whatever DATABASE_URL says. */
  readonly url: string;
  readonly origin: string;
  stop(): Promise<void>;
}

const DEBIAN_ROOT = "/usr/lib/postgresql";
const NOT_DURABLE = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: 400 };

/** A PostgreSQL for the whole run: the one given, a container, local binaries, or those from npm, in this order. */
export async function findServer(runFolder: string): Promise<TestServer> {
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== "") return { url: given, origin: "DATABASE_URL", stop: async () => undefined };
  const container = await startContainer();
  if (container !== undefined) return container;
  const { binaries, origin } = await localBinaries();
  const server = await startPostgres({
    binaries,
    dataDir: join(runFolder, "server"),
    auth: "trust",
    settings: NOT_DURABLE,
  });
  return { url: server.url, origin, stop: () => server.stop() };
}

async function startContainer(): Promise<TestServer | undefined> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import("testcontainers");
  try {
    await getContainerRuntimeClient();
  } catch {
    return undefined; // no Docker engine answers
  }
  const container = await new GenericContainer("postgres:18-alpine")
    .withEnvironment({ POSTGRES_HOST_AUTH_METHOD: "trust" })
    .withCommand(["postgres", ...Object.entries(NOT_DURABLE).flatMap(([name, value]) => ["-c", `${name}=${value}`])])
    .withExposedPorts(5432)
    // The image starts the server twice; the first one only runs its initialisation.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  return {
    url: `postgres://postgres@${container.getHost()}:${container.getMappedPort(5432)}/postgres`,
    origin: "Docker",
    stop: async () => void (await container.stop()),
  };
}

/** Binaries installed on this machine, the newest first, or else those from npm. */
export async function localBinaries(): Promise<{ binaries: PostgresBinaries; origin: string }> {
  const versions = existsSync(DEBIAN_ROOT) ? await readdir(DEBIAN_ROOT) : [];
  const folders = versions
    .map(Number)
    .sort((a, b) => b - a)
    .map((version) => join(DEBIAN_ROOT, String(version), "bin"));
  folders.push(...(process.env.PATH ?? "").split(delimiter));
  for (const folder of folders) {
    const binaries = { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
    if (await areExecutable(Object.values(binaries))) return { binaries, origin: folder };
  }
  return { binaries: await embeddedBinaries(await accountFor("/nowhere")), origin: "embedded-postgres" };
}

async function areExecutable(files: readonly string[]): Promise<boolean> {
  try {
    await Promise.all(files.map((file) => access(file, constants.X_OK)));
    return true;
  } catch {
    return false; // missing, or not for us
  }
}

/** A folder of a test's own that PostgreSQL's user can enter; the run fails if it is still there at the end. */
export async function makeFolder(runFolder: string): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(runFolder, "test-"));
  await chmod(path, 0o711);
  return { path, remove: () => rm(path, { recursive: true }) };
}
