import type { WaitingTicket } from "./ticket.ts";

type Sides = readonly [readonly WaitingTicket[], readonly WaitingTicket[]];

function players(tickets: readonly WaitingTicket[]): number {
  return tickets.reduce((sum, { taille }) => sum + taille, 0);
}

function strength(tickets: readonly WaitingTicket[]): number {
  return tickets.reduce((sum, { cote, taille }) => sum + cote * taille, 0);
}

/** Every way to put tickets whole on two sides of at most `size` players, mirror images left out: the first is on the first side. */
function* divisions(tickets: readonly WaitingTicket[], size: number): Generator<Sides> {
  for (let mask = 1; mask < 2 ** tickets.length; mask += 2) {
    const one = tickets.filter((_, i) => (mask >> i) & 1);
    const other = tickets.filter((_, i) => !((mask >> i) & 1));
    if (players(one) <= size && players(other) <= size) yield [one, other];
  }
}

/** [QUEUE-4]: whether these tickets can still become two teams of `size` once the places left are filled one by one. */
export function canBeDivided(tickets: readonly WaitingTicket[], size: number): boolean {
  for (const _ of divisions(tickets, size)) return true;
  return false;
}

/** [QUEUE-4]: of tickets for twice `size` players the two teams, tickets kept whole, whose sums of ratings differ least. Undefined: there are none. */
export function balancedTeams(tickets: readonly WaitingTicket[], size: number): Sides | undefined {
  let best: Sides | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const sides of divisions(tickets, size)) {
    const difference = Math.abs(strength(sides[0]) - strength(sides[1]));
    if (difference >= least) continue;
    least = difference;
    best = sides;
  }
  return best;
}
