import type { DatabaseConfig } from "../store/database.ts";
import { keysSchema } from "../store/migrate.ts";
import type { Config } from "./config.ts";

/** Where the keys of persons are: apart from the events, in another database if there is one for them, in another schema if not. */
export function keysDatabaseOf(config: Config, databaseUrl: string): DatabaseConfig {
  return { url: config.keysDatabaseUrl ?? databaseUrl, schema: keysSchema(config.databaseSchema) };
}
