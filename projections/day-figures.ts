import type { StoredEvent } from "../domain/envelope.ts";
import type { Projector } from "./projector.ts";

const COUNTED = { CombatDemarre: "combats", TransactionExecutee: "transactions" } as const;

interface Figures {
  readonly jour: string;
  combats: number;
  transactions: number;
  last_event_sequence: number;
}

/** The table `chiffres_jour`: combats that began and trades, by the day (UTC) on which their events say that they happened. */
export const dayFiguresProjector: Projector = {
  name: "day-figures",
  eventTypes: Object.keys(COUNTED),
  tables: ["chiffres_jour"],

  async apply(events, transaction) {
    const days = [...new Set(events.map(dayOf))];
    const { rows } = await transaction.query<{ jour: string; sequence: number }>(
      `SELECT jour::text, last_event_sequence::float8 AS sequence FROM chiffres_jour WHERE jour = ANY ($1::date[])`,
      [days],
    );
    const known = new Map(rows.map(({ jour, sequence }) => [jour, sequence]));
    const added = new Map<string, Figures>();
    for (const event of events) {
      const jour = dayOf(event);
      if (event.sequence <= (known.get(jour) ?? 0)) continue;
      const day = added.get(jour) ?? { jour, combats: 0, transactions: 0, last_event_sequence: 0 };
      added.set(jour, day);
      day[COUNTED[event.eventType as keyof typeof COUNTED]] += 1;
      day.last_event_sequence = event.sequence;
    }
    if (added.size === 0) return;
    await transaction.query(
      `INSERT INTO chiffres_jour AS known (jour, combats, transactions, last_event_sequence)
       SELECT jour, combats, transactions, last_event_sequence FROM jsonb_populate_recordset(NULL::chiffres_jour, $1::jsonb)
       ON CONFLICT (jour) DO UPDATE SET combats = known.combats + excluded.combats,
         transactions = known.transactions + excluded.transactions, last_event_sequence = excluded.last_event_sequence`,
      [JSON.stringify([...added.values()])],
    );
  },
};

function dayOf({ timestamp }: StoredEvent): string {
  return timestamp.slice(0, 10);
}
