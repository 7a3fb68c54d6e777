import type pg from "pg";
import { playerMarks, readTickets, type Ticket, ticketMarks, ticketsOfPlayers } from "../store/tickets.ts";

/** Tells of tickets that change, wherever they were changed. */
export interface TicketWatch {
  /** The ticket once its revision is beyond `after`, or as it is after `ms`. Undefined: there is no such ticket. */
  beyond(ticketId: string, after: number, ms: number): Promise<Ticket | undefined>;
  /** Calls with the player's open or last ticket, now and as often as it changes. Returns what ends it. */
  player(joueurId: string, listener: (ticket: Ticket | undefined) => void): () => void;
  /** Something has changed: a hint to look at once. */
  changed(): void;
  /** All who wait are answered with what is there. */
  close(): Promise<void>;
}

interface Watched<Value> {
  mark: string | undefined;
  readonly listeners: Set<(value: Value) => void>;
}

/** One look for all who wait on this node: what has another mark is read, and told. */
export function createTicketWatch(
  pool: Pick<pg.Pool, "query">,
  onFault: (error: unknown) => void,
  everyMs: number,
): TicketWatch {
  const tickets = new Map<string, Watched<Ticket | undefined>>();
  const players = new Map<string, Watched<Ticket | undefined>>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let again = false;
  let closed = false;

  /** Those whose mark has changed, marked anew. */
  function moved(all: Map<string, Watched<Ticket | undefined>>, marks: ReadonlyMap<string, string>): string[] {
    return [...all].flatMap(([id, watched]) => {
      const mark = marks.get(id) ?? "";
      if (watched.mark === mark) return [];
      watched.mark = mark;
      return [id];
    });
  }

  function tell(all: Map<string, Watched<Ticket | undefined>>, id: string, ticket: Ticket | undefined): void {
    for (const listener of all.get(id)?.listeners ?? []) listener(ticket);
  }

  async function look(): Promise<void> {
    if (tickets.size > 0) {
      const ids = moved(tickets, await ticketMarks(pool, [...tickets.keys()]));
      const read = ids.length === 0 ? [] : await readTickets(pool, ids);
      const found = new Map(read.map((one) => [one.ticketId, one]));
      for (const id of ids) tell(tickets, id, found.get(id));
    }
    if (players.size > 0) {
      const ids = moved(players, await playerMarks(pool, [...players.keys()]));
      const found = ids.length === 0 ? new Map<string, Ticket>() : await ticketsOfPlayers(pool, ids);
      for (const id of ids) tell(players, id, found.get(id));
    }
  }

  function lookNow(): void {
    clearTimeout(timer);
    timer = undefined;
    if (looking !== undefined) {
      again = true;
      return;
    }
    if (closed || tickets.size + players.size === 0) return;
    looking = look()
      .catch(onFault)
      .finally(() => {
        looking = undefined;
        if (again) {
          again = false;
          lookNow();
        } else if (!closed && tickets.size + players.size > 0) timer ??= setTimeout(lookNow, everyMs);
      });
  }

  function add(
    all: Map<string, Watched<Ticket | undefined>>,
    id: string,
    listener: (ticket: Ticket | undefined) => void,
  ): () => void {
    const watched = all.get(id) ?? { mark: undefined, listeners: new Set() };
    all.set(id, watched);
    watched.listeners.add(listener);
    // Whoever is new is told, too.
    watched.mark = undefined;
    lookNow();
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0 && all.get(id) === watched) all.delete(id);
    };
  }

  const waiting = new Set<() => void>();
  return {
    beyond(ticketId, after, ms) {
      return new Promise((resolve) => {
        let last: Ticket | undefined;
        const finish = (): void => {
          end();
          clearTimeout(late);
          waiting.delete(finish);
          resolve(last);
        };
        const late = setTimeout(finish, ms);
        waiting.add(finish);
        const end = add(tickets, ticketId, (ticket) => {
          last = ticket;
          if (ticket === undefined || ticket.revision > after) finish();
        });
        if (closed) finish();
      });
    },
    player: (joueurId, listener) => add(players, joueurId, listener),
    changed: lookNow,
    async close() {
      closed = true;
      clearTimeout(timer);
      for (const finish of [...waiting]) finish();
      await looking;
    },
  };
}
