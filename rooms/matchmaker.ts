import type pg from "pg";
import type { Answer } from "../domain/codes.ts";
import { findMatches, type Matching } from "../domain/matchmaking/matcher.ts";
import { type ModeRules, type ModesRules, mode as modes } from "../domain/matchmaking/modes.ts";
import type { WaitingTicket } from "../domain/matchmaking/ticket.ts";
import { endLate, type MatchSizes, type ReadyMatch, readyMatches } from "../store/matches.ts";
import {
  databaseNow,
  insertMatches,
  joinGroup,
  leaveTurn,
  lockWaiting,
  openGroups,
  takeTurn,
  waitingModes,
  waitingTickets,
} from "../store/matchmaker.ts";
import { backOff, createPause } from "../store/pause.ts";
import { expireTickets } from "../store/tickets.ts";
import { derivedUuid, uuidv7 } from "../store/uuid.ts";

export interface MatchmakerOptions {
  readonly nodeId: string;
  readonly pool: pg.Pool;
  readonly rules: ModesRules;
  /** Begins a match's combat; what it answers with `retryable` is asked again. */
  begin(match: ReadyMatch): Promise<Answer>;
  /** Tickets have changed. */
  onChange(): void;
  readonly measure?: MatchmakerMeasure;
  onFault(where: string, error: unknown): void;
  /** ms between passes while nobody wakes it. */
  readonly everyMs: number;
}

/** Figures, as they come about. Times are in seconds. */
export interface MatchmakerMeasure {
  passed(seconds: number, found: number): void;
  tookOver(): void;
  /** A match has begun, or come to nothing at its beginning. */
  begun(mode: string, outcome: "begun" | "refused"): void;
  /** A ticket has waited so long for its match. */
  waited(mode: string, seconds: number): void;
  /** Between the highest and the lowest ticket of a match. */
  spread(mode: string, points: number): void;
}

export interface Matchmaker {
  /** A ticket has come, or was accepted: it looks at once, if it is its turn. */
  wake(): void;
  /** Ends after what is under way, and leaves its turn to another node. */
  close(): Promise<void>;
}

/** Tickets of one mode that a pass looks at, the oldest; matches that are ended, tickets that are given up, combats begun at once. */
const TICKETS_A_PASS = 4_000;
const LATE_A_PASS = 200;
const EXPIRED_A_PASS = 500;
const BEGUN_AT_ONCE = 16;
const READY_A_LOOK = 200;

export function sizesOf(rules: ModesRules): (mode: string) => MatchSizes {
  return (name) => {
    const known = modes.safeParse(name);
    return known.success
      ? { group: rules[known.data].equipes === 1, minimum: rules[known.data].minimum }
      : { group: false, minimum: 1 };
  };
}

/**
 * Makes matches of tickets, on one node of all: passes are transactions that hold the turn's row, and a node that has its turn keeps it for
 * as long as it lives. Then it begins the combats of matches that are ready, whoever made them so; a match that a dead node had not begun
 * is begun by the next.
 */
export function createMatchmaker(options: MatchmakerOptions): Matchmaker {
  const { nodeId, pool, rules, begin, onChange, measure, onFault, everyMs } = options;
  const sizes = sizesOf(rules);
  const passing = createPause();
  const beginning = createPause();
  let closed = false;
  let mine = false;

  async function pass(
    client: pg.PoolClient,
    taken: boolean,
  ): Promise<{ found: number; ready: boolean; taken: boolean }> {
    let changes = await endLate(client, LATE_A_PASS, sizes);
    changes += (await expireTickets(client, EXPIRED_A_PASS)).length;
    for (const name of await waitingModes(client)) {
      const known = modes.safeParse(name);
      if (known.success) changes += await match(client, rules[known.data]);
    }
    const ready = (await readyMatches(client, 1)).length > 0;
    return { found: changes, ready, taken };
  }

  /** Those who cancelled while the matcher thought are left out with their matches. */
  async function match(client: pg.PoolClient, mode: ModeRules): Promise<number> {
    const groups = mode.equipes === 1 ? await openGroups(client, mode.mode) : [];
    const tickets = await waitingTickets(client, mode.mode, TICKETS_A_PASS);
    const found = findMatches(mode, tickets, await databaseNow(client), groups);
    const chosen = ticketsIn(found);
    if (chosen.length === 0) return 0;
    const waiting = await lockWaiting(
      client,
      chosen.map(({ ticketId }) => ticketId),
    );
    const whole = (all: readonly WaitingTicket[]): boolean => all.every(({ ticketId }) => waiting.has(ticketId));
    const matches = found.matches.filter(({ equipes }) => whole(equipes.flat()));
    await insertMatches(client, mode.mode, matches.map(newMatch), mode.acceptationMs);
    const backfills = found.backfills.filter((one) => whole(one.tickets));
    for (const { matchId, tickets: joined } of backfills) {
      const places = joined.reduce((sum, { taille }) => sum + taille, 0);
      const ids = joined.map(({ ticketId }) => ticketId);
      await joinGroup(client, matchId, ids, places, mode.acceptationMs);
    }
    return matches.length + backfills.length;
  }

  async function passes(): Promise<void> {
    for (let failures = 0; !closed; ) {
      passing.clear();
      const start = performance.now();
      let found = 0;
      try {
        const done = await takeTurn(pool, nodeId, pass);
        mine = done !== undefined;
        found = done?.found ?? 0;
        if (done?.taken === true) measure?.tookOver();
        if (done !== undefined) measure?.passed((performance.now() - start) / 1_000, found);
        if (done?.ready === true) beginning.wake();
        failures = 0;
      } catch (error) {
        onFault("matchmaker", error);
        failures += 1;
      }
      if (found > 0) onChange();
      // What was found leaves others nearer to each other than before: a full look may follow at once.
      if (!closed && failures > 0) await passing.wait(backOff(failures));
      else if (!closed && found === 0) await passing.wait(mine ? everyMs : 4 * everyMs);
    }
  }

  async function begins(): Promise<void> {
    while (!closed) {
      await beginning.wait(4 * everyMs);
      if (!mine || closed) continue;
      try {
        await beginReady();
      } catch (error) {
        onFault("matches", error);
      }
    }
  }

  async function beginReady(): Promise<void> {
    for (;;) {
      const ready = await readyMatches(pool, READY_A_LOOK);
      let settled = 0;
      const queue = ready.values();
      const work = async (): Promise<void> => {
        for (const one of queue) {
          if (closed) return;
          const answer = await begin(one);
          if (!answer.ok && answer.retryable) continue;
          settled += 1;
          tell(one, answer.ok);
        }
      };
      await Promise.all(Array.from({ length: BEGUN_AT_ONCE }, work));
      if (settled > 0) onChange();
      if (closed || settled === 0 || ready.length < READY_A_LOOK) return;
    }
  }

  function tell({ mode, ecartCote, attentes }: ReadyMatch, ok: boolean): void {
    measure?.begun(mode, ok ? "begun" : "refused");
    // Who comes back into the queue has waited longer in the end.
    if (!ok) passing.wake();
    if (!ok) return;
    measure?.spread(mode, ecartCote);
    for (const seconds of attentes) measure?.waited(mode, seconds);
  }

  const running = Promise.all([passes(), begins()]);
  return {
    wake() {
      passing.wake();
    },
    async close() {
      closed = true;
      passing.wake();
      beginning.wake();
      await running;
      await leaveTurn(pool, nodeId).catch((error: unknown) => onFault("matchmaker", error));
    },
  };
}

function ticketsIn({ matches, backfills }: Matching): readonly WaitingTicket[] {
  return [...matches.flatMap(({ equipes }) => equipes.flat()), ...backfills.flatMap(({ tickets }) => tickets)];
}

/** The combat's id follows from the match's: whoever begins it, it is the same combat. */
export function combatOf(matchId: string): string {
  return derivedUuid("combat de match", matchId);
}

function newMatch({ region, cibleId, equipes, ecartCote, libres }: Matching["matches"][number]) {
  const matchId = uuidv7();
  const tickets = equipes.flatMap((team, i) => team.map(({ ticketId }) => ({ ticketId, equipe: i === 0 ? "A" : "B" })));
  return { matchId, combatId: combatOf(matchId), region, cibleId, libres, ecartCote, tickets };
}
