import { defineConfig } from "vitest/config";

export default defineConfig({
  // The libraries are loaded by Node, which knows no "development": a second copy of graphql, made for it, would be none of theirs.
  ssr: { resolve: { conditions: ["module", "node"] } },
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "bench/peers/**"],
    globalSetup: ["test/support/global-setup.ts"],
    pool: "forks",
    // Two files at once: the fault tests mostly wait, the others keep one core busy, and PostgreSQL the other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    reporters: ["default"],
  },
});
