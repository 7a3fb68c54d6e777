import { byAge, type WaitingTicket } from "./ticket.ts";

/** Tickets by their ratings, from which some are taken. */
export interface Queue {
  take(ticket: WaitingTicket): void;
  taken(ticket: WaitingTicket): boolean;
  /** Those left within `reach` of a ticket's rating that pass, at most `limit`, the nearest first. */
  near(
    ticket: WaitingTicket,
    reach: number,
    limit: number,
    passes: (one: WaitingTicket) => boolean,
  ): readonly WaitingTicket[];
  /** All of them, the oldest first. */
  byAge(): readonly WaitingTicket[];
}

/** Tickets looked at on the way to the neighbours, taken ones not counted. */
const LOOKED_AT = 400;

export function createQueue(tickets: readonly WaitingTicket[]): Queue {
  const sorted = tickets.toSorted((a, b) => a.cote - b.cote || byAge(a, b));
  const aged = tickets.toSorted(byAge);
  const places = new Map(sorted.map(({ ticketId }, i) => [ticketId, i]));
  // The next one that is left on either side; shortened as they are walked, so that who was taken is passed once.
  const up = sorted.map((_, i) => i + 1);
  const down = sorted.map((_, i) => i - 1);
  const gone = new Uint8Array(sorted.length);

  const placeOf = ({ ticketId }: WaitingTicket): number => places.get(ticketId) ?? -1;

  function next(links: number[], from: number): number {
    let at = links[from] ?? -1;
    while (gone[at] === 1) at = links[at] ?? -1;
    links[from] = at;
    return at;
  }

  return {
    take(ticket) {
      gone[placeOf(ticket)] = 1;
    },
    taken: (ticket) => gone[placeOf(ticket)] === 1,
    byAge: () => aged,
    near(ticket, reach, limit, passes) {
      const found: WaitingTicket[] = [];
      const at = placeOf(ticket);
      const distance = (i: number): number => Math.abs((sorted[i]?.cote ?? Number.POSITIVE_INFINITY) - ticket.cote);
      let [lower, upper] = [next(down, at), next(up, at)];
      for (let looks = 0; found.length < limit && looks < LOOKED_AT; looks += 1) {
        const below = distance(lower) <= distance(upper);
        const i = below ? lower : upper;
        const one = sorted[i];
        if (one === undefined || distance(i) > reach) break;
        if (passes(one)) found.push(one);
        if (below) lower = next(down, i);
        else upper = next(up, i);
      }
      return found;
    },
  };
}
