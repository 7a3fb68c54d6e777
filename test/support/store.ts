import { afterAll } from "vitest";
import { createPool, type DatabaseConfig } from "../../store/database.ts";
import type { EventStore } from "../../store/event-store.ts";
import type { GroupCommitOptions } from "../../store/group-commit.ts";
import { createPostgresStore } from "../../store/postgres-store.ts";
import type { EventRegistry } from "../../store/registry.ts";

/** A store as a node has it: two pools and lanes. */
export function openStore(
  config: DatabaseConfig,
  registry: EventRegistry,
  options: GroupCommitOptions = {},
): EventStore {
  const writePool = createPool({ ...config, poolSize: options.lanes ?? 2 });
  const readPool = createPool({ poolSize: 3, ...config });
  return createPostgresStore({ writePool, readPool }, registry, options);
}

/** Things that end with the calling file, in reverse order, even where a test fails half-way. */
export function useReleasers(): (release: () => Promise<unknown>) => void {
  const releasers: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const release of releasers.toReversed()) await release();
  });
  return (release) => releasers.push(release);
}
