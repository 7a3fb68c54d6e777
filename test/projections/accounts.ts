import type { StoredEvent } from "../../domain/envelope.ts";
import type { Projector } from "../../projections/projector.ts";
import { rowsOf, withClient } from "../support/client.ts";

/** A read model as small as can be: what each player has gained, and each gain. */
export const TABLES = `
  CREATE TABLE soldes (
    joueur_id uuid PRIMARY KEY,
    total bigint NOT NULL CONSTRAINT total_positif CHECK (total >= 0),
    last_event_sequence bigint NOT NULL
  ) WITH (fillfactor = 70);
  CREATE INDEX idx_soldes_total ON soldes (total DESC) WHERE total > 0;
  CREATE TABLE gains (
    event_sequence bigint PRIMARY KEY,
    joueur_id uuid NOT NULL CONSTRAINT gains_de_joueur REFERENCES soldes (joueur_id) ON DELETE CASCADE,
    montant integer NOT NULL DEFAULT 0,
    CONSTRAINT une_fois UNIQUE (joueur_id, event_sequence)
  );
  CREATE INDEX idx_gains_montant ON gains (montant, lower(joueur_id::text));
  GRANT SELECT, INSERT, UPDATE, DELETE ON soldes, gains TO aether_app;
  GRANT UPDATE (total) ON soldes TO PUBLIC`;

export async function createAccounts(url: string): Promise<void> {
  await withClient(url, (client) => client.query(TABLES));
}

/** What it is given goes through `before` first, which may object. */
export function accounts(before: (events: readonly StoredEvent[]) => unknown = () => undefined): Projector {
  return {
    name: "soldes",
    eventTypes: ["ExperienceGagnee"],
    tables: ["soldes", "gains"],
    async apply(events, transaction) {
      await before(events);
      const rows = events.map(({ sequence, aggregateId, payload }) => ({
        sequence,
        id: aggregateId,
        montant: (payload as { montant: number }).montant,
      }));
      await transaction.query({
        name: "soldes_apply",
        text: `WITH given AS (SELECT * FROM jsonb_to_recordset($1) AS g (sequence bigint, id uuid, montant integer))
               INSERT INTO soldes AS c (joueur_id, total, last_event_sequence)
               SELECT id, sum(montant), max(sequence) FROM given GROUP BY id
               ON CONFLICT (joueur_id) DO UPDATE SET total = c.total + (
                   SELECT sum(montant) FROM given g WHERE g.id = c.joueur_id AND g.sequence > c.last_event_sequence),
                 last_event_sequence = excluded.last_event_sequence
               WHERE c.last_event_sequence < excluded.last_event_sequence`,
        values: [JSON.stringify(rows)],
      });
      await transaction.query({
        name: "gains_apply",
        text: `INSERT INTO gains (event_sequence, joueur_id, montant)
               SELECT sequence, id, montant FROM jsonb_to_recordset($1) AS g (sequence bigint, id uuid, montant integer)
               ON CONFLICT DO NOTHING`,
        values: [JSON.stringify(rows)],
      });
    },
  };
}

/** Both tables, row by row. */
export async function accountRows(url: string): Promise<unknown> {
  return {
    soldes: await rowsOf(url, "SELECT joueur_id, total::int, last_event_sequence::int FROM soldes ORDER BY 1"),
    gains: await rowsOf(url, "SELECT event_sequence::int, joueur_id, montant FROM gains ORDER BY 1"),
  };
}

/** The same, from the log. */
export async function accountsByLog(url: string): Promise<unknown> {
  const from = "FROM evenements WHERE event_type = 'ExperienceGagnee'";
  return {
    soldes: await rowsOf(
      url,
      `SELECT aggregate_id AS joueur_id, sum((payload->>'montant')::int)::int AS total, max(event_sequence)::int AS last_event_sequence
       ${from} GROUP BY 1 ORDER BY 1`,
    ),
    gains: await rowsOf(
      url,
      `SELECT event_sequence::int, aggregate_id AS joueur_id, (payload->>'montant')::int AS montant ${from} ORDER BY 1`,
    ),
  };
}

/** Everything that makes the tables what they are, but for their rows. */
export function accountShape(url: string): Promise<readonly unknown[]> {
  return rowsOf(
    url,
    `SELECT 'table ' || relname || ' ' || coalesce(reloptions::text, '') || coalesce(relacl::text, '') AS what FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relname IN ('soldes', 'gains')
     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename IN ('soldes', 'gains')
     UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN ('soldes'::regclass, 'gains'::regclass)
     UNION ALL SELECT attname || ' ' || coalesce(attacl::text, '') || coalesce(pg_get_expr(adbin, adrelid), '') FROM pg_attribute
       LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       WHERE attrelid IN ('soldes'::regclass, 'gains'::regclass) AND attnum > 0
     ORDER BY 1`,
  );
}
