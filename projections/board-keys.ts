import type { GuardedRedis } from "../store/redis.ts";
import type { Board } from "./leaderboard.ts";

/** A board in Redis, with how far it follows the rows. */
export interface BoardKeys {
  readonly board: string;
  readonly mark: string;
  /** Of the guilds' board: the member of each guild. */
  readonly members: string;
}

/** The names are the contract's; on a cluster what stands beside a board is where its whole name puts it. */
export function keysOf(redis: Pick<GuardedRedis, "key">, board: Board): BoardKeys {
  const name = redis.key(`leaderboard:${board}`);
  return { board: name, mark: redis.key(`mark:{${name}}`), members: redis.key(`members:{${name}}`) };
}

/** Where a board is filled, beside the one that is read. */
export function fillingKeysOf(redis: Pick<GuardedRedis, "key">, board: Board, token: string): BoardKeys {
  const of = (what: string): string => redis.key(`${what}:{${redis.key(`leaderboard:${board}`)}}:${token}`);
  return { board: of("filling"), mark: of("mark"), members: of("members") };
}

/** A guild's id is any text: what ends it is not in it. */
const ESCAPED: Readonly<Record<string, string>> = { "%": "%25", ":": "%3A" };
export const memberOf = (id: string, name: string): string =>
  `${id.replaceAll(/[%:]/g, (sign) => ESCAPED[sign] ?? sign)}:${name}`;
export const idOf = (member: string): string =>
  member.slice(0, member.indexOf(":")).replaceAll(/%25|%3A/g, (sign) => (sign === "%25" ? "%" : ":"));
