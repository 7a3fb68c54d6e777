import type { ModeRules } from "./modes.ts";
import { createQueue, type Queue } from "./queue.ts";
import { balancedTeams, canBeDivided } from "./teams.ts";
import { byAge, latencyIn, regionsOf, spreadOf, type WaitingTicket, windowOf } from "./ticket.ts";

/** A match that was found. */
export interface FoundMatch {
  readonly region: string;
  readonly cibleId: string | null;
  /** One team or two, of whole tickets. */
  readonly equipes: readonly (readonly WaitingTicket[])[];
  /** Between the highest and the lowest ticket. */
  readonly ecartCote: number;
  /** Places that are left for players to come. */
  readonly libres: number;
}

/** A group that is not full and has not begun. */
export interface OpenGroup {
  readonly matchId: string;
  readonly region: string;
  readonly cibleId: string | null;
  readonly libres: number;
  readonly tickets: readonly WaitingTicket[];
}

/** Tickets that join a group. */
export interface Backfill {
  readonly matchId: string;
  readonly tickets: readonly WaitingTicket[];
}

export interface Matching {
  readonly matches: readonly FoundMatch[];
  readonly backfills: readonly Backfill[];
}

/** Neighbours that are looked at for one ticket, and combinations of them that are tried: a pass takes a bounded time. */
const NEIGHBOURS = 24;
const COMBINATIONS = 200;

/**
 * Finds matches among the tickets of one mode, those who wait longest first, each with its nearest by rating. The same tickets at the
 * same time give the same matches, in whatever order they come.
 */
export function findMatches(
  rules: ModeRules,
  tickets: readonly WaitingTicket[],
  now: number,
  groups: readonly OpenGroup[] = [],
): Matching {
  const queue = createQueue(tickets);
  const backfills = rules.equipes === 1 ? groups.flatMap((group) => backfill(rules, queue, group, now)) : [];
  const matches: FoundMatch[] = [];
  for (const ticket of tickets.toSorted(byAge)) {
    if (queue.taken(ticket)) continue;
    const found = matchFor(rules, queue, ticket, now);
    if (found === undefined) continue;
    matches.push(found);
    for (const one of found.equipes.flat()) queue.take(one);
  }
  return { matches, backfills };
}

/** [QUEUE-3]: nobody is further from anybody than each of them takes by now. */
function agree(rules: ModeRules, tickets: readonly WaitingTicket[], now: number): boolean {
  return spreadOf(tickets) <= Math.min(...tickets.map((one) => windowOf(one, rules, now)));
}

function matchFor(rules: ModeRules, queue: Queue, ticket: WaitingTicket, now: number): FoundMatch | undefined {
  for (const region of regionsOf(ticket)) {
    const members = gather(rules, queue, [ticket], { region, cibleId: ticket.cibleId, now });
    if (members === undefined) continue;
    const equipes = rules.equipes === 1 ? [members] : balancedTeams(members, rules.taille);
    if (equipes === undefined) continue;
    const libres = rules.equipes * rules.taille - sizeOf(members);
    return { region, cibleId: ticket.cibleId, equipes, ecartCote: spreadOf(members), libres };
  }
  return undefined;
}

function sizeOf(tickets: readonly WaitingTicket[]): number {
  return tickets.reduce((sum, { taille }) => sum + taille, 0);
}

interface Wanted {
  readonly region: string;
  readonly cibleId: string | null;
  readonly now: number;
}

/** Those who are there, and the nearest that make the match full; of a group whose patience is at its end, as many as come. */
function gather(
  rules: ModeRules,
  queue: Queue,
  there: readonly WaitingTicket[],
  wanted: Wanted,
): readonly WaitingTicket[] | undefined {
  const { now } = wanted;
  const places = rules.equipes * rules.taille;
  const [first] = there;
  if (first === undefined) return undefined;
  const reach = windowOf(first, rules, now);
  const near = queue.near(first, reach, NEIGHBOURS, (one) => mayCome(one, there, wanted));
  let tried = 0;
  let largest: readonly WaitingTicket[] = there;

  function complete(members: readonly WaitingTicket[], from: number): readonly WaitingTicket[] | undefined {
    const size = sizeOf(members);
    if (size > sizeOf(largest)) largest = members;
    if (size === places) return members;
    for (let i = from; i < near.length; i += 1) {
      const one = near[i];
      if (one === undefined || size + one.taille > places) continue;
      tried += 1;
      if (tried > COMBINATIONS) return undefined;
      const more = [...members, one];
      if (!agree(rules, more, now)) continue;
      if (rules.equipes === 2 && !canBeDivided(more, rules.taille)) continue;
      const full = complete(more, i + 1);
      if (full !== undefined) return full;
    }
    return undefined;
  }

  if (rules.equipes === 2 && first.taille > rules.taille) return undefined;
  const full = complete(there, 0);
  if (full !== undefined || rules.equipes === 2) return full;
  const patient = now - first.creeA < rules.patienceMs;
  return patient || sizeOf(largest) < rules.minimum ? undefined : largest;
}

/** [QUEUE-5] */
function mayCome(one: WaitingTicket, there: readonly WaitingTicket[], { region, cibleId }: Wanted): boolean {
  return !there.includes(one) && one.cibleId === cibleId && latencyIn(one, region) !== undefined;
}

/** [QUEUE-8]: the free places of a group go to those who wait longest and fit. */
function backfill(rules: ModeRules, queue: Queue, group: OpenGroup, now: number): Backfill[] {
  const { matchId, region, cibleId } = group;
  const joined: WaitingTicket[] = [];
  for (const one of queue.byAge()) {
    if (queue.taken(one) || sizeOf([...joined, one]) > group.libres) continue;
    if (
      !mayCome(one, group.tickets, { region, cibleId, now }) ||
      !agree(rules, [...group.tickets, ...joined, one], now)
    )
      continue;
    joined.push(one);
    queue.take(one);
  }
  return joined.length === 0 ? [] : [{ matchId, tickets: joined }];
}
