import { join } from "node:path";
import type { Logger } from "pino";
import { classifyFailure } from "../store/pg-errors.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import { createLog } from "./log.ts";
import { type RunningNode, startNode } from "./node.ts";
import { PortError } from "./ports.ts";
import { PostgresError } from "./postgres-folder.ts";
import { Releasers } from "./releasers.ts";

/** `npm start`: one server process, with an embedded PostgreSQL unless DATABASE_URL says where another one is. */
async function main(): Promise<void> {
  const config = readConfigOrExit();
  const log = createLog(config);
  const releasers = new Releasers(log);
  let node: RunningNode | undefined;
  let stopping = false;

  const stop = (code: number): void => {
    if (stopping) return;
    stopping = true;
    log.info("stopping: finishing what was taken");
    setTimeout(() => {
      log.error(`the shutdown took too long: ${node?.releasing() ?? releasers.releasing} was not released in time`);
      process.exit(1);
    }, config.shutdownTimeoutMs).unref();
    void releasers.release().then(() => {
      log.info("stopped");
      process.exit(code);
    });
  };
  process.on("SIGINT", () => stop(0));
  process.on("SIGTERM", () => stop(0));
  // Who started it to be one of several is gone, and will not end it.
  process.once("disconnect", () => stop(0));
  // A bug in some callback of a library's. What was acknowledged is durable, so going on serves players best; it is never silent.
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception");
    node?.uncaught("exception");
  });
  process.on("unhandledRejection", (error) => {
    log.fatal({ err: error }, "unhandled rejection");
    node?.uncaught("rejection");
  });

  try {
    const started = await startNode(config, await databaseUrl(config, log, releasers), log);
    node = started;
    releasers.add("node", () => started.close());
    log.info(
      { nodeId: started.nodeId, roles: [...config.roles].join(), transport: started.game?.transport },
      `ready: ${started.game === undefined ? "" : `game ws://localhost:${started.game.port}, `}API http://localhost:${started.apiPort}`,
    );
    process.send?.("ready");
  } catch (error) {
    if (error instanceof PortError || error instanceof PostgresError) log.fatal(error.message);
    else if (isDatabaseAway(error)) log.fatal(`the database cannot be used: ${error.message}. Is DATABASE_URL right?`);
    else log.fatal({ err: error }, "the server could not start");
    stop(1);
  }
}

function isDatabaseAway(error: unknown): error is Error {
  return error instanceof Error && "code" in error && classifyFailure(error, false) === "unavailable";
}

function readConfigOrExit(): Config {
  try {
    return readConfig(process.env, process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

async function databaseUrl(config: Config, log: Logger, releasers: Releasers): Promise<string> {
  if (config.databaseUrl !== undefined) return config.databaseUrl;
  const folder = join(config.dataDir, "postgres");
  log.info(`no DATABASE_URL: starting an embedded PostgreSQL, its data in ${folder}`);
  const embedded = await startEmbeddedPostgres({ folder, notice: (message) => log.warn(message) });
  releasers.add("embedded PostgreSQL", () => embedded.stop());
  return embedded.url;
}

await main();
