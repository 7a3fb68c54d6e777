import { join } from "node:path";
import { ConfigError, readConfig } from "../config.ts";
import { PostgresError } from "../postgres-folder.ts";
import { startCluster } from "./cluster.ts";
import { NoRedisError } from "./redis-child.ts";

/** `npm run cluster`: all that docker-compose.yml describes, without containers, until Ctrl-C. */
try {
  const { databaseUrl, redisUrl, gamePort, apiPort, dataDir } = readConfig();
  const folder = join(dataDir, "cluster");
  console.log(`starting; logs in ${join(folder, "logs")}`);
  const cluster = await startCluster({ folder, databaseUrl, redisUrl, gamePort, apiPort });
  for (const { name, pid, gameUrl, apiUrl } of cluster.processes)
    console.log([name.padEnd(12), `pid ${pid()}`.padEnd(12), apiUrl, gameUrl].filter(Boolean).join(" "));
  console.log(`database     ${cluster.databaseUrl}\nRedis        ${cluster.redisUrl}`);
  console.log(`ready: game ${cluster.gameUrl}, API ${cluster.apiUrl}; Ctrl-C ends all`);
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      console.log("stopping");
      void cluster.stop().then(() => process.exit(0));
    });
} catch (error) {
  const expected = error instanceof ConfigError || error instanceof PostgresError || error instanceof NoRedisError;
  console.error(expected ? error.message : error);
  process.exit(1);
}
