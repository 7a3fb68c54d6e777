import type { PersonalData } from "../../domain/personal.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import type { EventRegistry } from "../../store/registry.ts";
import { createSeal } from "../../store/seal.ts";
import { createSealedStore, unchecked } from "../../store/sealed-store.ts";
import { type TestDatabase, useDatabase } from "../support/postgres.ts";
import { openKeys } from "../support/sealed-store.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { describeEventStore } from "./event-store.cases.ts";

const [database, sealedDatabase] = [useDatabase(), useDatabase()];
const release = useReleasers();

const onPostgres = (of: TestDatabase) => (registry: EventRegistry) => {
  const store = openStore({ url: of.url }, registry);
  release(() => store.close());
  return store;
};

describeEventStore("PostgreSQL", onPostgres(database));
describeEventStore("memory", createMemoryStore);

/** Something in every event is somebody else's. */
const everywhere: PersonalData = {
  events: {},
  metadata: [{ within: [], field: "tenantId", of: "correlationId" }],
  states: {},
};

describeEventStore("sealed", (registry) => {
  const keys = openKeys(sealedDatabase.url);
  release(() => keys.close());
  const inner = onPostgres(sealedDatabase)(unchecked(registry));
  return createSealedStore(inner, registry, createSeal(everywhere, keys));
});
