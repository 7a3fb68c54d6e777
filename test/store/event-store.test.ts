import { createMemoryStore } from "../../store/memory-store.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore, useReleasers } from "../support/store.ts";
import { describeEventStore } from "./event-store.cases.ts";

const database = useDatabase();
const release = useReleasers();

describeEventStore("PostgreSQL", (registry) => {
  const store = openStore({ url: database.url }, registry);
  release(() => store.close());
  return store;
});

describeEventStore("memory", createMemoryStore);
