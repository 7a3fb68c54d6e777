import { join } from "node:path";
import { createPool } from "../store/database.ts";
import { migrateKeys } from "../store/migrate.ts";
import { createSubjectKeys } from "../store/subject-keys.ts";
import { readConfig } from "./config.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { keysDatabaseOf } from "./keys-database.ts";

/**
 * `npm run keys -- rewrap`: wraps every key of persons with the first of MASTER_KEYS, while nodes run or not, and tells how it goes on.
 * The others unwrap what they wrapped before. Ended before it is done, it is simply begun again.
 */
const config = readConfig();
if (process.argv[2] !== "rewrap") {
  console.error("usage: npm run keys -- rewrap");
  process.exit(2);
}
const embedded =
  config.databaseUrl === undefined && config.keysDatabaseUrl === undefined
    ? await startEmbeddedPostgres({ folder: join(config.dataDir, "postgres"), notice: console.warn })
    : undefined;
const database = keysDatabaseOf(config, config.databaseUrl ?? embedded?.url ?? "");
await migrateKeys(database);
const keys = createSubjectKeys(
  createPool({ ...database, poolSize: 1, applicationName: "aether-engine keys" }),
  config.masterKeys,
);
try {
  for await (const { done, left } of keys.rewrap())
    console.log(`${config.masterKeys.newest}: ${done} keys are wrapped with it, ${left} are not yet`);
} finally {
  await keys.close();
  await embedded?.stop();
}
