import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type ModesRules, modeRules, modeSettings } from "../domain/matchmaking/modes.ts";
import type { Rate } from "../rooms/token-bucket.ts";
import { type MasterKeys, readMasterKeys } from "../store/master-keys.ts";

/** `iss` of this server's own tokens. */
export const ISSUER = "aether-engine";

/** Whoever knows it can be anyone: it serves a developer's own machine, and a production start refuses it. */
export const DEVELOPMENT_SECRET = "aether-engine development secret, not for production";

/** As the development secret: with it everybody can unwrap every key. */
export const DEVELOPMENT_MASTER_KEY = `development:${Buffer.from("aether-engine development key !!").toString("base64")}`;

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

/** As browsers send them, separated by commas; `*` is any. */
const origins = z
  .string()
  .transform((list) => list.split(",").map((one) => one.trim()))
  .pipe(
    z
      .array(z.string().regex(/^(\*|[a-z][a-z0-9+.-]*:\/\/[^/\s]+)$/, "is no origin such as https://game.example"))
      .min(1),
  );

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
  MASTER_KEYS: z.string().min(1).optional(),
  MASTER_KEYS_FILE: z.string().optional(),
  KEYS_DATABASE_URL: z.string().min(1).optional(),
  OIDC_ISSUER: z.string().min(1).optional(),
  OIDC_AUDIENCE: z.string().min(1).optional(),
  OIDC_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_SECRET: z.string().min(32).optional(),
  OIDC_SECRET_FILE: z.string().optional(),
  OIDC_ROLE_CLAIM: z.string().min(1).optional(),
  ACCESS_TOKEN_SECONDS: count.max(24 * 3_600).default(3_600),
  REFRESH_TOKEN_SECONDS: count.max(365 * 24 * 3_600).default(7 * 24 * 3_600),
  AUTH_ATTEMPTS_PER_ADDRESS: count.default(60),
  AUTH_ATTEMPTS_PER_ACCOUNT: count.default(10),
  TRUST_PROXY: z.string().min(1).optional(),
  APPEND_LANES: count.default(2),
  COMMANDS_PER_SECOND: count.default(20),
  COMBAT_COMMANDS_PER_SECOND: count.optional(),
  TRADE_COMMANDS_PER_SECOND: count.optional(),
  ADDRESS_CALLS_PER_SECOND: count.optional(),
  FRAMES_PER_SECOND: count.default(200),
  MALFORMED_FRAMES: count.default(10),
  CONNECTIONS: count.default(20_000),
  CONNECTIONS_PER_ADDRESS: count.default(1_000),
  HANDSHAKE_TIMEOUT_MS: count.min(100).max(120_000).default(10_000),
  ALLOWED_ORIGINS: origins.optional(),
  ABUSE_REFUSALS: count.default(300),
  ABUSE_CUTS: count.default(3),
  ABUSE_BAN_SECONDS: z.coerce
    .number()
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(900),
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
  SESSION_DAYS: days.default(7),
  MATCHMAKING_MODES: json.pipe(modeSettings).default({}),
  DEMO_WORLD: z.enum(["true", "false"]).optional(),
  FRESH_WITHIN_MS: count.max(60_000).default(2_000),
  SPECTATE_DELAY_MS: z.coerce.number().int().min(0).max(600_000).default(0),
  STUCK_AFTER_MS: count.default(30_000),
  SHUTDOWN_TIMEOUT_MS: count.default(10_000),
  DRAIN_TIMEOUT_MS: count.default(5_000),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

/** All that is read of the environment. */
export const VARIABLES: readonly string[] = Object.keys(environment.shape);

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
  /** What wraps the keys under which personal data are sealed. */
  readonly masterKeys: MasterKeys;
  /** Where those keys are; undefined: in the events' database, in a schema of their own. */
  readonly keysDatabaseUrl: string | undefined;
  /** Another issuer, whose tokens are good here too. */
  readonly issuer: IssuerConfig | undefined;
  /** For how long tokens are good, in seconds. */
  readonly tokenSeconds: { readonly access: number; readonly refresh: number };
  /** What one player or one address may do over all of its connections, to all nodes. */
  readonly limits: {
    readonly call: Rate;
    readonly combat: Rate;
    readonly trade: Rate;
    /** Calls and joins from one address. */
    readonly address: Rate;
    /** Logins, registrations and renewals from one address, and logins with one name: so many a minute, and all at once. */
    readonly loginsFrom: Rate;
    readonly loginsAs: Rate;
    /** Refused calls of one player, more of which cut a connection, and such cuts, more of which shut the player out. */
    readonly refusals: Rate;
    readonly cuts: Rate;
    /** s for which that is; 0: nobody is shut out. */
    readonly banSeconds: number;
  };
  /** Connections of clients to each port of this node, in all and from one address. */
  readonly maxConnections: { readonly connections: number; readonly perAddress: number };
  /** ms for a connection to say what it wants. */
  readonly handshakeTimeoutMs: number;
  /** Of pages that may call; undefined: this server's own, and in development any on localhost. */
  readonly allowedOrigins: readonly string[] | undefined;
  /** Addresses or networks, separated by commas, of proxies that are believed where a call comes from. */
  readonly trustProxy: string | undefined;
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
  /** s for which a client comes back with its session, from its first join. */
  readonly sessionSeconds: number;
  readonly matchmakingModes: ModesRules;
  /** Load the demo world where there is none yet. */
  readonly demoWorld: boolean;
  /** ms that a read waits for its read model, if it is to be as fresh as an event. */
  readonly freshWithinMs: number;
  /** ms by which those who watch a combat see later what happens, unless the combat itself says otherwise. */
  readonly spectateDelayMs: number;
  /** ms for which a read model or saga may not move though something waits; then the node says that it is degraded. */
  readonly stuckAfterMs: number;
  readonly shutdownTimeoutMs: number;
  /** ms that a drain has for what is on its way; what is not finished by then is left as it is. */
  readonly drainTimeoutMs: number;
  readonly logLevel: z.infer<typeof environment>["LOG_LEVEL"];
}

export interface IssuerConfig {
  /** As its tokens say it, in `iss`. */
  readonly issuer: string;
  /** For whom its tokens are, in `aud`: this tenant. */
  readonly audience: string;
  readonly keys: { readonly url: string } | { readonly secret: string };
  /** The claim that holds a role of ours, or several; undefined: everybody is a joueur. */
  readonly roleClaim: string | undefined;
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
  const secret = e.AUTH_SECRET ?? readSecret("AUTH_SECRET_FILE", e.AUTH_SECRET_FILE);
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
    masterKeys: masterKeysOf(e, production),
    keysDatabaseUrl: e.KEYS_DATABASE_URL,
    issuer: issuerOf(e, secret ?? DEVELOPMENT_SECRET),
    tokenSeconds: { access: e.ACCESS_TOKEN_SECONDS, refresh: e.REFRESH_TOKEN_SECONDS },
    limits: limitsOf(e),
    maxConnections: { connections: e.CONNECTIONS, perAddress: e.CONNECTIONS_PER_ADDRESS },
    handshakeTimeoutMs: e.HANDSHAKE_TIMEOUT_MS,
    allowedOrigins: e.ALLOWED_ORIGINS,
    trustProxy: e.TRUST_PROXY,
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
    sessionSeconds: e.SESSION_DAYS * 86_400,
    matchmakingModes: modeRules(e.MATCHMAKING_MODES),
    demoWorld: e.DEMO_WORLD === undefined ? !production : e.DEMO_WORLD === "true",
    freshWithinMs: e.FRESH_WITHIN_MS,
    spectateDelayMs: e.SPECTATE_DELAY_MS,
    stuckAfterMs: e.STUCK_AFTER_MS,
    drainTimeoutMs: e.DRAIN_TIMEOUT_MS,
    shutdownTimeoutMs: e.SHUTDOWN_TIMEOUT_MS,
    logLevel: e.LOG_LEVEL,
  };
}

function masterKeysOf(e: z.infer<typeof environment>, production: boolean): MasterKeys {
  const text = e.MASTER_KEYS ?? readSecret("MASTER_KEYS_FILE", e.MASTER_KEYS_FILE);
  if (production && text === undefined) {
    throw new ConfigError(
      "in production MASTER_KEYS or MASTER_KEYS_FILE must be set: id:key, 32 random bytes in base64, that nobody else knows",
    );
  }
  if (production && text?.split(",")[0]?.trim() === DEVELOPMENT_MASTER_KEY)
    throw new ConfigError("the first of MASTER_KEYS is the development key, which everybody knows");
  try {
    return readMasterKeys(text ?? DEVELOPMENT_MASTER_KEY);
  } catch (error) {
    throw new ConfigError(`MASTER_KEYS ${error instanceof Error ? error.message : String(error)}`);
  }
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

/** Refused calls of one player that are forgiven in a second. */
const FORGIVEN_PER_SECOND = 5;
/** s over which cut connections count. */
const CUTS_S = 600;

/** Twice as much at once as in a second. What is not set follows from what is: a fast game is fast in all of it. */
function limitsOf(e: z.infer<typeof environment>): Config["limits"] {
  const ofSecond = (perSecond: number): Rate => ({ perSecond, burst: perSecond * 2 });
  const ofMinute = (all: number): Rate => ({ perSecond: all / 60, burst: all });
  const { COMMANDS_PER_SECOND: all } = e;
  return {
    call: ofSecond(all),
    combat: ofSecond(e.COMBAT_COMMANDS_PER_SECOND ?? Math.ceil(all / 2)),
    trade: ofSecond(e.TRADE_COMMANDS_PER_SECOND ?? Math.ceil(all / 4)),
    address: ofSecond(e.ADDRESS_CALLS_PER_SECOND ?? all * 10),
    loginsFrom: ofMinute(e.AUTH_ATTEMPTS_PER_ADDRESS),
    loginsAs: ofMinute(e.AUTH_ATTEMPTS_PER_ACCOUNT),
    refusals: { perSecond: FORGIVEN_PER_SECOND, burst: e.ABUSE_REFUSALS },
    cuts: { perSecond: e.ABUSE_CUTS / CUTS_S, burst: e.ABUSE_CUTS },
    banSeconds: e.ABUSE_BAN_SECONDS,
  };
}

/** Half a setting is none: it would let nobody in, or too many. */
function issuerOf(e: z.infer<typeof environment>, own: string): IssuerConfig | undefined {
  const secret = e.OIDC_SECRET ?? readSecret("OIDC_SECRET_FILE", e.OIDC_SECRET_FILE);
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_JWKS_URL: url, OIDC_ROLE_CLAIM: roleClaim } = e;
  if ([secret, issuer, audience, url, roleClaim].every((one) => one === undefined)) return undefined;
  if (issuer === undefined || audience === undefined)
    throw new ConfigError("another issuer needs OIDC_ISSUER and OIDC_AUDIENCE, or none of OIDC_* must be set");
  if (secret === own) throw new ConfigError("OIDC_SECRET is AUTH_SECRET: the other issuer could sign for this server");
  if (issuer === ISSUER) throw new ConfigError(`OIDC_ISSUER is ${ISSUER}, which is this server's own name`);
  if (url !== undefined && secret === undefined) return { issuer, audience, keys: { url }, roleClaim };
  if (url === undefined && secret !== undefined) return { issuer, audience, keys: { secret }, roleClaim };
  throw new ConfigError("another issuer needs OIDC_JWKS_URL or OIDC_SECRET[_FILE], and not both");
}

function readSecret(variable: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let secret: string;
  try {
    secret = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new ConfigError(`${variable} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (secret.length < 32) throw new ConfigError(`${variable} holds fewer than 32 characters`);
  return secret;
}
