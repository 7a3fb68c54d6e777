import { type Logger, pino } from "pino";
import type { Config } from "./config.ts";

/** What PostgreSQL says of a row that it refused, with the row: names, hashes of passwords. */
const ROWS = ["err.detail", "err.where", "err.internalQuery", "err.parameters"];
const redact = { paths: ROWS, remove: true };

/** For people while developing, for machines in production. No secret and nothing personal is ever handed to it. */
export function createLog({ production, logLevel: level }: Pick<Config, "production" | "logLevel">): Logger {
  if (production) return pino({ level, redact });
  const transport = {
    target: "pino-pretty",
    options: { ignore: "pid,hostname", translateTime: "HH:MM:ss", colorize: process.stdout.isTTY },
  };
  return pino({ level, redact, transport });
}
