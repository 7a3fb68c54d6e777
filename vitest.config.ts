import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Short files that take long. Files are sorted by their size where nobody has run them before, and these would come last, alone. */
const LONG = [
  "/chaos/run.test",
  "/rooms/serializer.",
  "/e2e/erasure",
  "/e2e/matchmaking-kill.test",
  "/server/cluster.test",
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.some((part) => moduleId.includes(part));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  // The libraries are loaded by Node, which knows no "development": a second copy of graphql, made for it, would be none of theirs.
  ssr: { resolve: { conditions: ["module", "node"] } },
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "bench/peers/**"],
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    // Three files at once keep two cores busy: who is killed, who takes over and what is late is waited for, in most of the long ones.
    maxWorkers: 3,
    // What is waited for comes in milliseconds; how many, on a machine that does other things too, is not what the tests are about.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    teardownTimeout: 30_000,
    reporters: ["default"],
    sequence: { sequencer: LongFirst },
  },
});
