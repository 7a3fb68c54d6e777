import os from "node:os";
import pg from "pg";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
  readonly postgres: string;
  /** The settings without which no figure of a database means anything. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Processes that wanted to run, averaged over the last minute: above the number of cores, the figures are of a busy machine. */
export function loadAverage(): number {
  return Math.round((os.loadavg()[0] ?? 0) * 100) / 100;
}

const SETTINGS = ["fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_level"];

/** Where the figures were taken; says nothing that would tell one machine of a kind from another. */
export async function describeMachine(url: string): Promise<Machine> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const version = await client.query<{ server_version: string }>("SHOW server_version");
    const settings = await client.query<{ name: string; setting: string }>(
      "SELECT name, current_setting(name) AS setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name",
      [SETTINGS],
    );
    return {
      cores: os.availableParallelism(),
      cpu: os.cpus()[0]?.model ?? "unknown",
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      os: `${os.type()} ${os.release()} ${os.arch()}`,
      node: process.version,
      postgres: version.rows[0]?.server_version ?? "unknown",
      settings: Object.fromEntries(settings.rows.map(({ name, setting }) => [name, setting])),
    };
  } finally {
    await client.end();
  }
}
