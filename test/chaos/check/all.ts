import type { StoredEvent } from "../../../domain/envelope.ts";
import { auditMarket } from "../../support/market-audit.ts";
import type { Entry } from "../journal.ts";
import { checkCombats } from "./combats.ts";
import { type Asked, checkCommands, commandsOf } from "./commands.ts";
import { indexLog, type LogIndex } from "./log-index.ts";
import { checkPurses } from "./purses.ts";
import { checkLast, checkSeen, type Newest } from "./seen.ts";
import { checkStreams } from "./streams.ts";

export interface Checked {
  readonly log: LogIndex;
  readonly commands: readonly Asked[];
  readonly combats: number;
  /** That were held against the log. */
  readonly states: number;
  readonly problems: readonly string[];
}

export interface Evidence {
  readonly log: readonly StoredEvent[];
  /** The log's last sequence when all had come to rest, and clients still looked on. */
  readonly restAt: number;
  /** Read one after the other: together they may be large. */
  readonly journals: readonly (() => Promise<readonly Entry[]>)[];
  /** The items that were traded. */
  readonly goods: readonly string[];
}

/** All that has to hold of what clients were told and what the log says. */
export async function checkAll({ log: events, restAt, journals, goods }: Evidence): Promise<Checked> {
  const log = indexLog(events);
  const problems = [
    ...checkStreams(log),
    ...checkCombats(log),
    ...checkPurses(log),
    ...auditMarket(events, goods).problems,
  ];
  const commands: Asked[] = [];
  const newest: Newest = new Map();
  let states = 0;
  for (const read of journals) {
    const entries = await read();
    const own = commandsOf(entries);
    states += entries.filter(({ kind }) => kind === "state").length;
    problems.push(...checkCommands(own, log), ...checkSeen(entries, log, newest));
    commands.push(...own);
  }
  problems.push(...checkLast(newest, log, restAt));
  const combats = [...log.byStream.values()].filter(([first]) => first?.aggregateType === "Combat").length;
  return { log, commands, combats, states, problems };
}
