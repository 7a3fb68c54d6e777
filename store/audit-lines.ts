import type pg from "pg";

/** What an operator or a service set out to do. */
export interface Act {
  readonly userId: string;
  readonly role: string;
  /** The call as it is declared, e.g. `POST /admin/projections/:name/rebuild`. */
  readonly act: string;
  /** What it is called upon: the path, without its query. */
  readonly target: string;
  readonly correlationId: string;
  /** Where it was called from, as far as is known. */
  readonly address: string | undefined;
}

export interface AuditLine extends Omit<Act, "address"> {
  readonly lineId: number;
  /** ISO 8601. */
  readonly at: string;
  readonly address: string | null;
  /** HTTP status; null: the node ended before the act did, and it may have been done or not. */
  readonly status: number | null;
  /** Of a refusal. */
  readonly code: string | null;
}

export interface LineFilter {
  readonly userId?: string | undefined;
  readonly role?: string | undefined;
  readonly act?: string | undefined;
  readonly target?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly refused?: boolean | undefined;
  /** ISO 8601; `to` is not in it. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface AuditLines {
  /** @returns the line, to be ended */
  begin(act: Act): Promise<number>;
  end(lineId: number, status: number, code: string | undefined): Promise<void>;
  /** Newest first, before a line. */
  find(filter: LineFilter, before: number | undefined, limit: number): Promise<readonly AuditLine[]>;
}

/** @param pool whose statements wait for nothing long: every act waits for its line */
export function createAuditLines(pool: Pick<pg.Pool, "query">, reads: Pick<pg.Pool, "query">): AuditLines {
  return {
    async begin({ userId, role, act, target, correlationId, address }) {
      const { rows } = await pool.query<{ id: number }>({
        name: "audit_begin",
        text: `INSERT INTO audit_lines (user_id, role, act, target, correlation_id, address)
               VALUES ($1, $2, $3, left($4, 500), $5, $6) RETURNING line_id AS id`,
        values: [userId, role, act, target, correlationId, address ?? null],
      });
      const [line] = rows;
      if (line === undefined) throw new Error("an insert gave no row");
      return line.id;
    },
    async end(lineId, status, code) {
      await pool.query({
        name: "audit_end",
        text: "INSERT INTO audit_outcomes (line_id, status, code) VALUES ($1, $2, $3)",
        values: [lineId, status, code ?? null],
      });
    },
    async find({ userId, role, act, target, correlationId, refused, from, to }, before, limit) {
      const { rows } = await reads.query<AuditLine>(
        `SELECT line_id AS "lineId", l.at, user_id AS "userId", role, act, target, correlation_id AS "correlationId", host(address) AS address,
           status, code
         FROM audit_lines l LEFT JOIN audit_outcomes o USING (line_id)
         WHERE ($1::bigint IS NULL OR line_id < $1) AND ($2::uuid IS NULL OR user_id = $2) AND ($3::text IS NULL OR role = $3)
           AND ($4::text IS NULL OR act = $4) AND ($5::text IS NULL OR target = $5) AND ($6::uuid IS NULL OR correlation_id = $6)
           AND ($7::boolean IS NULL OR (code IS NOT NULL) = $7)
           AND ($8::timestamptz IS NULL OR l.at >= $8) AND ($9::timestamptz IS NULL OR l.at < $9)
         ORDER BY line_id DESC LIMIT $10`,
        [before, userId, role, act, target, correlationId, refused, from, to, limit].map((given) => given ?? null),
      );
      return rows;
    },
  };
}
