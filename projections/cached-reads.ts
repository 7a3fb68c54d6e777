import type { Redis } from "ioredis";
import type pg from "pg";
import type { StoredEvent } from "../domain/envelope.ts";
import type { Cache, Caches } from "./cache.ts";
import type { Cached, CacheKind, Command } from "./cache-keys.ts";
import { type PlayerProfile, readInventory, readItems, readProfiles } from "./player-queries.ts";
import { readWorldRow, type WorldRow } from "./world-queries.ts";

type Item = Awaited<ReturnType<typeof readItems>>[number];

export interface WholeInventory {
  readonly inventory: NonNullable<Awaited<ReturnType<typeof readInventory>>>;
  /** By position. */
  readonly items: readonly Item[];
  readonly sequence: number;
}

/** Reads that are asked for most, from Redis where it has them. */
export interface CachedReads {
  profile(joueurId: string, atLeast?: number): Promise<PlayerProfile | undefined>;
  /** Missing without Redis: a page is less to read than the whole. */
  readonly inventory?: (joueurId: string, atLeast?: number) => Promise<WholeInventory | undefined>;
  world(atLeast?: number): Promise<WorldRow | undefined>;
}

const PLAYER_TTL_S = 600;
const WORLD_TTL_S = 60;
const WORLD_EVENTS_TTL_S = 300;
/** No player carries more. */
const SLOTS = 10_000;

type Hash = Readonly<Record<string, string>>;

/** Fields as text: what is no text is JSON. */
function fieldsOf(row: object): string[] {
  return Object.entries(row).flatMap(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
}

/** The fields of these names, as `fieldsOf` wrote them; `texts` are those that are text, or null. */
function rowOf(hash: Hash, texts: ReadonlySet<string>): Record<string, unknown> {
  const own = Object.entries(hash).filter(([name]) => name !== "generation");
  return Object.fromEntries(
    own.map(([name, text]) => [name, texts.has(name) ? (text === "null" ? null : text) : JSON.parse(text)]),
  );
}

const PROFILE_TEXTS: ReadonlySet<string> = new Set([
  "joueurId",
  "username",
  "pseudo",
  "classe",
  "titre",
  "guildeId",
  "guildeNom",
  "derniereConnexion",
  "creeA",
]);
const playerOf = ({ payload }: StoredEvent): string => (payload as { readonly joueurId: string }).joueurId;

const profileKind: CacheKind<PlayerProfile> = {
  name: "profile",
  ttlS: PLAYER_TTL_S,
  readModel: "players",
  idOf: playerOf,
  keys: (id) => [`player:${id}:profile`, `player:${id}:stats`],
  async get(redis, [profile = "", stats = ""]) {
    const [hash, text] = await Promise.all([redis.hgetall(profile), redis.get(stats)]);
    if (hash["sequence"] === undefined || text === null) return undefined;
    const { sequence, ...own } = JSON.parse(text) as Record<string, unknown>;
    if (String(sequence) !== hash["sequence"]) return undefined;
    const value = { ...rowOf(hash, PROFILE_TEXTS), ...own } as unknown as PlayerProfile;
    return { value, generation: hash["generation"] ?? "" };
  },
  commands(row, sequence, generation) {
    const { statsBase, statsEquipement, statsTotales, ...profile } = row;
    return [
      ["HSET", 0, ...fieldsOf(profile), "generation", generation],
      ["SET", 1, JSON.stringify({ statsBase, statsEquipement, statsTotales, sequence })],
    ];
  },
};

const ITEM_TEXTS: ReadonlySet<string> = new Set(["slotId", "itemId", "nom", "typeSlot", "obtenuA"]);
const slotKey = (id: string, slot: string): string => `player:${id}:inventory:item:${slot}`;

const inventoryKind: CacheKind<WholeInventory> = {
  name: "inventory",
  ttlS: PLAYER_TTL_S,
  readModel: "players",
  idOf: playerOf,
  keys: (id) => [`player:${id}:inventory:meta`, `player:${id}:inventory:items`],
  parts: { set: 1, key: slotKey, members: ({ items }) => items.map(({ position }) => String(position)) },
  async get(redis, [meta = "", items = ""]): Promise<Cached<WholeInventory> | undefined> {
    const [hash, slots] = await Promise.all([redis.hgetall(meta), redis.smembers(items)]);
    const { sequence: told, generation = "", objets, ...own } = hash;
    if (told === undefined || Number(objets) !== slots.length) return undefined;
    const prefix = meta.slice(0, meta.length - "meta".length);
    const rows = await Promise.all(slots.map((slot) => redis.hgetall(`${prefix}item:${slot}`)));
    // One that was written with another filling, or has expired, is none of these.
    if (rows.some((row) => row["sequence"] !== told)) return undefined;
    const sequence = Number(told);
    const found = rows.map(({ sequence: _, ...row }) => rowOf(row, ITEM_TEXTS) as unknown as Item);
    const inventory = rowOf(own, new Set(["inventaireId"])) as unknown as WholeInventory["inventory"];
    const value = { inventory, items: found.sort((a, b) => a.position - b.position), sequence };
    return { value, generation };
  },
  commands({ inventory, items }, sequence, generation) {
    const meta = fieldsOf({ ...inventory, objets: items.length, sequence });
    return [
      ["HSET", 0, ...meta, "generation", generation],
      ...(items.length === 0 ? [] : ([["SADD", 1, ...items.map(({ position }) => position)]] as const)),
      ...items.map((item, i): Command => ["HSET", 2 + i, ...fieldsOf({ ...item, sequence })]),
    ];
  },
};

const WORLD_TEXTS: ReadonlySet<string> = new Set(["saison", "derniereMiseAJourCycle"]);
const WORLD = "world";
const eventIdOf = (event: Readonly<Record<string, unknown>>): string => String(event["evenementId"]);

const worldKind: CacheKind<WorldRow> = {
  name: "world",
  ttlS: WORLD_TTL_S,
  readModel: "world",
  idOf: () => WORLD,
  keys: () => ["world:state", "world:active_events"],
  parts: {
    set: 1,
    key: (_, event) => `world:event:${event}`,
    members: ({ evenementsActifs }) => evenementsActifs.map(eventIdOf),
  },
  async get(redis: Redis, [state = ""]) {
    const { generation = "", ...hash } = await redis.hgetall(state);
    if (hash["sequence"] === undefined) return undefined;
    const value = rowOf(hash, WORLD_TEXTS) as unknown as WorldRow;
    return { value, generation };
  },
  commands(row, _, generation) {
    const { evenementsActifs } = row;
    return [
      ["HSET", 0, ...fieldsOf(row), "generation", generation],
      ...(evenementsActifs.length === 0 ? [] : ([["SADD", 1, ...evenementsActifs.map(eventIdOf)]] as const)),
      ...evenementsActifs.map((event, i): Command => ["HSET", 2 + i, ...fieldsOf(event)]),
    ];
  },
  expiries: (row) => [
    [1, WORLD_EVENTS_TTL_S],
    ...row.evenementsActifs.map((event, i): readonly [number, number] => [
      2 + i,
      Math.max(1, Math.ceil((Date.parse(String(event["expireA"])) - Date.now()) / 1_000) || WORLD_EVENTS_TTL_S),
    ]),
  ],
};

/** @param caches undefined: there is no Redis, and everything is read from PostgreSQL */
export function createCachedReads(pool: Pick<pg.Pool, "query">, caches: Caches | undefined): CachedReads {
  const readProfile = async (id: string) => {
    const value = (await readProfiles(pool, [id])).get(id);
    return value && { value, sequence: value.sequence };
  };
  const readWhole = async (id: string) => {
    // The player's sequence is read first: what the rest holds is never older.
    const sequence = (await readProfiles(pool, [id])).get(id)?.sequence;
    const inventory = sequence === undefined ? undefined : await readInventory(pool, id);
    if (sequence === undefined || inventory === undefined) return undefined;
    const items = await readItems(pool, inventory.inventaireId, { limit: SLOTS });
    return { value: { inventory, items, sequence }, sequence };
  };
  const readWorld = async () => {
    const value = await readWorldRow(pool);
    return value && { value, sequence: value.sequence };
  };
  const uncached = <Value>(read: (id: string) => Promise<{ readonly value: Value } | undefined>): Cache<Value> => ({
    get: async (id) => (await read(id))?.value,
  });
  const profiles = caches?.of(profileKind, readProfile) ?? uncached(readProfile);
  const inventories = caches?.of(inventoryKind, readWhole);
  const worlds = caches?.of(worldKind, readWorld) ?? uncached(readWorld);

  return {
    profile: (joueurId, atLeast) => profiles.get(joueurId, atLeast),
    ...(inventories !== undefined && {
      inventory: (joueurId: string, atLeast?: number) => inventories.get(joueurId, atLeast),
    }),
    world: (atLeast) => worlds.get(WORLD, atLeast),
  };
}
