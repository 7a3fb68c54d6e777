import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type ModesRules, modeRules, modeSettings } from "../domain/matchmaking/modes.ts";

/** Whoever knows it can be anyone: it serves a developer's own machine, and a production start refuses it. */
export const DEVELOPMENT_SECRET = "aether-engine development secret, not for production";

const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int().min(1);
const days = count.max(36_500);

/** What a node does. All of them keep a port for probes, metrics and other nodes. */
export const ROLES = ["game", "api", "projector"] as const;
export type NodeRole = (typeof ROLES)[number];
const roles = z
  .string()
  .transform((list) => list.split(","))
  .pipe(z.array(z.enum(ROLES)).min(1));

/** A variable whose text is JSON. */
const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "is no JSON" });
    return z.NEVER;
  }
});

const environment = z.object({
  NODE_ENV: z.string().default("development"),
  GAME_PORT: port.default(2567),
  API_PORT: port.default(2568),
  HOST: z.string().default("0.0.0.0"),
  TRANSPORT: z.enum(["auto", "uws", "ws"]).default("auto"),
  DATABASE_URL: z.string().min(1).optional(),
  DATABASE_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/)
    .default("public"),
  DATABASE_POOL: count.default(8),
  DATA_DIR: z.string().default("./data"),
  TENANT_ID: z.string().min(1).max(64).default("default"),
  AUTH_SECRET: z.string().min(32).optional(),
  AUTH_SECRET_FILE: z.string().optional(),
  APPEND_LANES: count.default(2),
  COMMANDS_PER_SECOND: count.default(20),
  FRAMES_PER_SECOND: count.default(200),
  MALFORMED_FRAMES: count.default(10),
  REDIS_URL: z.string().min(1).optional(),
  REDIS_PREFIX: z.string().max(100).default(""),
  REDIS_HASH_TAGS: z.enum(["true", "false"]).default("false"),
  NODE_URL: z.url().optional(),
  NODE_TIMEOUT_MS: count.default(5_000),
  PUBLIC_ADDRESS: z
    .string()
    .regex(/^[^\s/:]+(:\d+)?(\/[^\s?#]*)?$/)
    .optional(),
  VIEWS_EVERY_SECONDS: count.default(300),
  ARCHIVE_COMBATS_AFTER_DAYS: days.default(30),
  ARCHIVE_TRADES_AFTER_DAYS: days.default(90),
  ARCHIVE_PLAYERS_AFTER_DAYS: days.default(365),
  ARCHIVE_EVENTS_AFTER_DAYS: days.default(365),
  MATCHMAKING_MODES: json.pipe(modeSettings).default({}),
  DEMO_WORLD: z.enum(["true", "false"]).optional(),
  FRESH_WITHIN_MS: count.max(60_000).default(2_000),
  STUCK_AFTER_MS: count.default(30_000),
  SHUTDOWN_TIMEOUT_MS: count.default(10_000),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export interface Config {
  readonly roles: ReadonlySet<NodeRole>;
  readonly production: boolean;
  readonly gamePort: number;
  readonly apiPort: number;
  readonly host: string;
  readonly transport: "auto" | "uws" | "ws";
  /** Undefined: the embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly databaseSchema: string;
  readonly databasePool: number;
  readonly dataDir: string;
  readonly tenantId: string;
  readonly authSecret: string;
  readonly appendLanes: number;
  readonly commandsPerSecond: number;
  readonly framesPerSecond: number;
  /** Malformed frames with which a connection ends. */
  readonly malformedFrames: number;
  /** Undefined: no Redis; other nodes' events are found by polling. */
  readonly redisUrl: string | undefined;
  readonly redisPrefix: string;
  /** Ids in the keys of combats stand in braces, as a cluster needs it. */
  readonly redisHashTags: boolean;
  /** Where other nodes reach this one's API port; undefined: on this machine. */
  readonly nodeUrl: string | undefined;
  /** ms after which a node that says nothing is dead, by the database's clock. */
  readonly nodeTimeoutMs: number;
  /** Where clients reach this node's game port, as `host:port/path`; undefined: where they asked for a seat. */
  readonly publicAddress: string | undefined;
  /** Seconds between two refreshes of the rankings and of the popular items. */
  readonly viewsEverySeconds: number;
  /** Days after which what is over goes to the archive: a combat since its end, a trade, a player since it was last seen. */
  readonly archiveAfterDays: {
    readonly combats: number;
    readonly trades: number;
    readonly players: number;
    readonly events: number;
  };
  readonly matchmakingModes: ModesRules;
  /** Load the demo world where there is none yet. */
  readonly demoWorld: boolean;
  /** ms that a read waits for its read model, if it is to be as fresh as an event. */
  readonly freshWithinMs: number;
  /** ms for which a read model or saga may not move though something waits; then the node says that it is degraded. */
  readonly stuckAfterMs: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: z.infer<typeof environment>["LOG_LEVEL"];
}

/** The configuration cannot be used; the message says which variable, and why. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * The only reader of the environment, and of a server's flags: `--roles game,api,projector`.
 * @throws ConfigError
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env, flags: readonly string[] = []): Config {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw new ConfigError(`the environment cannot be used:\n${z.prettifyError(parsed.error)}`);
  const e = parsed.data;
  const production = e.NODE_ENV === "production";
  const secret = e.AUTH_SECRET ?? (e.AUTH_SECRET_FILE === undefined ? undefined : readSecret(e.AUTH_SECRET_FILE));
  if (production && secret === undefined) {
    throw new ConfigError(
      "in production AUTH_SECRET or AUTH_SECRET_FILE must be set: at least 32 characters that nobody else knows",
    );
  }
  if (production && secret === DEVELOPMENT_SECRET)
    throw new ConfigError("AUTH_SECRET is the development secret, which everybody knows");
  return {
    roles: readRoles(flags),
    production,
    gamePort: e.GAME_PORT,
    apiPort: e.API_PORT,
    host: e.HOST,
    transport: e.TRANSPORT,
    databaseUrl: e.DATABASE_URL,
    databaseSchema: e.DATABASE_SCHEMA,
    databasePool: e.DATABASE_POOL,
    dataDir: e.DATA_DIR,
    tenantId: e.TENANT_ID,
    authSecret: secret ?? DEVELOPMENT_SECRET,
    appendLanes: e.APPEND_LANES,
    commandsPerSecond: e.COMMANDS_PER_SECOND,
    framesPerSecond: e.FRAMES_PER_SECOND,
    malformedFrames: e.MALFORMED_FRAMES,
    redisUrl: e.REDIS_URL,
    redisPrefix: e.REDIS_PREFIX,
    redisHashTags: e.REDIS_HASH_TAGS === "true",
    nodeUrl: e.NODE_URL,
    nodeTimeoutMs: e.NODE_TIMEOUT_MS,
    publicAddress: e.PUBLIC_ADDRESS,
    viewsEverySeconds: e.VIEWS_EVERY_SECONDS,
    archiveAfterDays: {
      combats: e.ARCHIVE_COMBATS_AFTER_DAYS,
      trades: e.ARCHIVE_TRADES_AFTER_DAYS,
      players: e.ARCHIVE_PLAYERS_AFTER_DAYS,
      events: e.ARCHIVE_EVENTS_AFTER_DAYS,
    },
    matchmakingModes: modeRules(e.MATCHMAKING_MODES),
    demoWorld: e.DEMO_WORLD === undefined ? !production : e.DEMO_WORLD === "true",
    freshWithinMs: e.FRESH_WITHIN_MS,
    stuckAfterMs: e.STUCK_AFTER_MS,
    shutdownTimeoutMs: e.SHUTDOWN_TIMEOUT_MS,
    logLevel: e.LOG_LEVEL,
  };
}

function readRoles(flags: readonly string[]): ReadonlySet<NodeRole> {
  let given: string | undefined;
  try {
    given = parseArgs({ args: [...flags], options: { roles: { type: "string" } } }).values.roles;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
  if (given === undefined) return new Set(ROLES);
  const parsed = roles.safeParse(given);
  if (!parsed.success) throw new ConfigError(`--roles takes some of ${ROLES.join(",")}, not ${given}`);
  return new Set(parsed.data);
}

function readSecret(file: string): string {
  let secret: string;
  try {
    secret = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new ConfigError(`AUTH_SECRET_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (secret.length < 32) throw new ConfigError("AUTH_SECRET_FILE holds fewer than 32 characters");
  return secret;
}
