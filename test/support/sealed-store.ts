import { personalData } from "../../domain/personal.ts";
import { DEVELOPMENT_MASTER_KEY } from "../../server/config.ts";
import { createPool, type DatabaseConfig } from "../../store/database.ts";
import type { EventStore } from "../../store/event-store.ts";
import { readMasterKeys } from "../../store/master-keys.ts";
import { keysSchema } from "../../store/migrate.ts";
import { createPostgresStore, type PostgresStoreOptions } from "../../store/postgres-store.ts";
import type { EventRegistry } from "../../store/registry.ts";
import { createSeal } from "../../store/seal.ts";
import { createSealedStore, unchecked } from "../../store/sealed-store.ts";
import { createSubjectKeys, type SubjectKeysOptions } from "../../store/subject-keys.ts";

/** The keys of a database's persons, as a node has them. */
export function openKeys(url: string, options: SubjectKeysOptions = {}) {
  const pool = createPool({ url, schema: keysSchema("public"), poolSize: 2 });
  return createSubjectKeys(pool, readMasterKeys(DEVELOPMENT_MASTER_KEY), options);
}

/** A store that seals, and its keys with it: what reads and writes the same log as a server. */
export function openSealedStore(
  config: DatabaseConfig,
  registry: EventRegistry,
  options: PostgresStoreOptions = {},
): EventStore {
  const keys = openKeys(config.url);
  const writePool = createPool({ ...config, poolSize: 3 });
  const readPool = createPool({ poolSize: 3, ...config });
  const store = createSealedStore(
    createPostgresStore({ writePool, readPool }, unchecked(registry), options),
    registry,
    createSeal(personalData, keys),
  );
  return {
    ...store,
    async close() {
      await store.close();
      await keys.close();
    },
  };
}
