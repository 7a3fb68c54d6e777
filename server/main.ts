import { pino } from "pino";
import { ConfigError, readConfig } from "./config.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { startNode } from "./node.ts";
import { PortError } from "./ports.ts";
import { Releasers } from "./releasers.ts";

/** `npm start`: one server process, with an embedded PostgreSQL unless DATABASE_URL says where another one is. */
async function main(): Promise<void> {
  const config = readConfig();
  const log = pino({ level: config.logLevel });
  const releasers = new Releasers(log);
  let stopping = false;

  const stop = (code: number): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      log.error("the shutdown took too long");
      process.exit(1);
    }, config.shutdownTimeoutMs).unref();
    void releasers.release().then(() => process.exit(code));
  };
  process.on("SIGINT", () => stop(0));
  process.on("SIGTERM", () => stop(0));
  // A bug somewhere in a library's callback. What was acknowledged is durable, so going on serves players best; it is never silent.
  process.on("uncaughtException", (error) => log.fatal({ err: error }, "uncaught exception"));
  process.on("unhandledRejection", (error) => log.fatal({ err: error }, "unhandled rejection"));

  try {
    let databaseUrl = config.databaseUrl;
    if (databaseUrl === undefined) {
      const embedded = await startEmbeddedPostgres(config.dataDir, log);
      releasers.add("embedded PostgreSQL", () => embedded.stop());
      databaseUrl = embedded.url;
    }
    const node = await startNode(config, databaseUrl, log);
    releasers.add("node", () => node.close());
    log.info(
      { nodeId: node.nodeId, transport: node.transport },
      `ready: game ws://localhost:${node.gamePort}, API http://localhost:${node.apiPort}`,
    );
  } catch (error) {
    const expected =
      error instanceof ConfigError ||
      error instanceof PortError ||
      (error instanceof Error && error.name === "EmbeddedPostgresError");
    log.fatal(
      expected ? (error as Error).message : { err: error },
      expected ? undefined : "the server could not start",
    );
    stop(1);
  }
}

await main();
