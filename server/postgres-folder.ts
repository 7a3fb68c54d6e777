import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

export type PostgresErrorCode = "NO_BINARIES" | "FOLDER_OF_ANOTHER_USER" | "FOLDER_IN_USE" | "START_FAILED";

/** Why there is no database, and what to do about it. */
export class PostgresError extends Error {
  readonly code: PostgresErrorCode;
  readonly remedy: string;
  constructor(code: PostgresErrorCode, problem: string, remedy: string, cause?: unknown) {
    super(`${problem} ${remedy}`, { cause });
    this.name = "PostgresError";
    this.code = code;
    this.remedy = remedy;
  }
}

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The user as whom PostgreSQL runs, where that is not the user of this process. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export const SUPERUSER = "postgres";
const PASSWORD_FILE = "aether_password";

/** What the children are started with: nothing of PGDATA, PGPORT and the like, and a working folder that any user can enter. */
export function childOptions(account: Account | undefined) {
  return { ...account, cwd: "/", env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" } };
}

/** PostgreSQL refuses to run as root: root lends it an account, that of the folder's owner if there is one. */
export async function accountFor(dataDir: string): Promise<Account | undefined> {
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  const owner = await stat(join(dataDir, "PG_VERSION")).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return undefined;
    throw ofAnotherUser(dataDir, error);
  });
  if (uid !== 0) {
    if (owner !== undefined && owner.uid !== uid) throw ofAnotherUser(dataDir);
    return undefined;
  }
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (user !== undefined) return { uid: Number(user[2]), gid: Number(user[3]) };
  throw new PostgresError(
    "START_FAILED",
    "PostgreSQL does not run as root, and there is no user postgres or nobody to run it.",
    "Start as an ordinary user, or set DATABASE_URL.",
  );
}

/**
 * Makes the cluster if the folder holds none; answers the superuser's password, "" if it needs none.
 * It is made beside its place and then moved there, so that a start cut short leaves nothing half made.
 */
export async function prepareFolder(
  dataDir: string,
  { initdb }: PostgresBinaries,
  account: Account | undefined,
  auth: "password" | "trust",
): Promise<string> {
  const kept = await readFile(join(dataDir, PASSWORD_FILE), "utf8").catch(unlessMissing);
  if (kept !== undefined) return kept;
  if (((await readdir(dataDir).catch(unlessMissing)) ?? []).length > 0) {
    throw new PostgresError(
      "START_FAILED",
      `The data folder ${dataDir} holds something that is not ours.`,
      "Choose an empty folder, or set DATABASE_URL.",
    );
  }
  let workshop: string | undefined;
  try {
    await makeParents(dataDir, account);
    workshop = await mkdtemp(`${dataDir}.new-`);
    const password = auth === "password" ? randomBytes(24).toString("base64url") : "";
    const passwordFile = join(workshop, PASSWORD_FILE);
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (account !== undefined) {
      for (const path of [workshop, passwordFile]) await chown(path, account.uid, account.gid);
    }
    const cluster = join(workshop, "cluster");
    const args = ["-D", cluster, "-U", SUPERUSER, "--encoding=UTF8", "--locale=C"];
    // A throwaway cluster need not survive the machine.
    if (auth === "password") args.push("--auth=scram-sha-256", `--pwfile=${passwordFile}`);
    else args.push("--auth=trust", "--no-sync");
    await promisify(execFile)(initdb, args, childOptions(account));
    await rename(passwordFile, join(cluster, PASSWORD_FILE));
    await rename(cluster, dataDir);
    return password;
  } catch (cause) {
    if (isErrno(cause, "EACCES") || isErrno(cause, "EPERM")) throw ofAnotherUser(dataDir, cause);
    const output = cause instanceof Error && "stderr" in cause && cause.stderr ? String(cause.stderr) : String(cause);
    throw new PostgresError(
      "START_FAILED",
      `PostgreSQL could not make its data folder ${dataDir}: ${output.trim()}`,
      "Choose an empty folder, or set DATABASE_URL.",
      cause,
    );
  } finally {
    if (workshop !== undefined) await rm(workshop, { recursive: true, force: true });
  }
}

async function makeParents(dataDir: string, account: Account | undefined): Promise<void> {
  const first = await mkdir(dirname(dataDir), { recursive: true });
  if (first === undefined || account === undefined) return;
  // Under root's umask they may be closed to the account.
  for (let folder = dirname(dataDir); folder.length >= first.length; folder = dirname(folder))
    await chmod(folder, 0o711);
}

/** The server that runs on the folder, if any: pid and port, as it says in its postmaster.pid. */
export async function runningServer(dataDir: string): Promise<{ pid: number; port: number } | undefined> {
  const pidFile = join(dataDir, "postmaster.pid");
  const lines = (await readFile(pidFile, "utf8").catch(unlessMissing))?.split("\n");
  const pid = Number(lines?.[0]);
  const port = Number(lines?.[3]);
  if (!(pid > 0)) return undefined;
  if (process.platform !== "linux") return isAlive(pid) ? { pid, port } : undefined;
  const inFolder = await processesIn(await realpath(dataDir));
  if (inFolder.has(pid)) return { pid, port };
  // The pid is free, a zombie's, or someone else's by now, and PostgreSQL would believe the last two. The file also guards
  // against sessions that outlive their killed server: it goes only once there are none.
  if (inFolder.size === 0) await rm(pidFile, { force: true });
  return undefined;
}

/** A server and its sessions work in their data folder. Zombies do not. */
async function processesIn(folder: string): Promise<Set<number>> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  // Those that cannot be read have ended, or are another user's, and so no server on a folder of ours.
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => undefined)));
  return new Set(pids.filter((_, i) => folders[i] === folder).map(Number));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // no such process, or another user's
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function unlessMissing(error: unknown): undefined {
  if (!isErrno(error, "ENOENT")) throw error;
}

function ofAnotherUser(dataDir: string, cause?: unknown): PostgresError {
  return new PostgresError(
    "FOLDER_OF_ANOTHER_USER",
    `The data folder ${dataDir} belongs to another user.`,
    "Start as that user or as root, choose another folder, or set DATABASE_URL.",
    cause,
  );
}
