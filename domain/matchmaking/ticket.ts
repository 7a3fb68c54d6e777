import type { ModeRules } from "./modes.ts";

/** A party that waits, as the matcher sees it. */
export interface WaitingTicket {
  readonly ticketId: string;
  /** Of its players, rounded down. */
  readonly cote: number;
  /** Its players; they stay together. */
  readonly taille: number;
  readonly region: string;
  /** ms by region, as far as they were measured. */
  readonly latences: Readonly<Record<string, number>>;
  readonly latenceMax: number;
  /** Whom it wants to fight, where that is for it to say. */
  readonly cibleId: string | null;
  /** ms since the epoch, since when it waits. */
  readonly creeA: number;
}

/** [QUEUE-3]: how far from its own rating this ticket takes others, by now. */
export function windowOf({ creeA }: WaitingTicket, { fenetre }: ModeRules, now: number): number {
  const seconds = Math.max(0, now - creeA) / 1_000;
  return Math.min(fenetre.max, Math.floor(fenetre.debut + fenetre.parSeconde * seconds));
}

/** [QUEUE-5]: the ticket's latency there, 0 where its own region was not measured; undefined: it cannot play there. */
export function latencyIn(ticket: WaitingTicket, region: string): number | undefined {
  const measured = ticket.latences[region] ?? (region === ticket.region ? 0 : undefined);
  return measured === undefined || measured > ticket.latenceMax ? undefined : measured;
}

/** The regions in which it can play, the nearest first. */
export function regionsOf(ticket: WaitingTicket): readonly string[] {
  return [...new Set([ticket.region, ...Object.keys(ticket.latences)])]
    .flatMap((region) => {
      const latency = latencyIn(ticket, region);
      return latency === undefined ? [] : [{ region, latency }];
    })
    .sort((a, b) => a.latency - b.latency || (a.region < b.region ? -1 : 1))
    .map(({ region }) => region);
}

/** Between the highest and the lowest rating. */
export function spreadOf(tickets: readonly WaitingTicket[]): number {
  const ratings = tickets.map(({ cote }) => cote);
  return ratings.length === 0 ? 0 : Math.max(...ratings) - Math.min(...ratings);
}

/** Who waits longer comes first; ids decide between those who came together. */
export function byAge(a: WaitingTicket, b: WaitingTicket): number {
  return a.creeA - b.creeA || (a.ticketId < b.ticketId ? -1 : a.ticketId > b.ticketId ? 1 : 0);
}
