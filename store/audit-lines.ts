import type pg from "pg";
import type { Role } from "../domain/roles.ts";

/** What an operator or a service set out to do. */
export interface Act {
  readonly userId: string;
  readonly role: Role;
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
  readonly role?: Role | undefined;
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

const COLUMN = {
  userId: "user_id",
  role: "role",
  act: "act",
  target: "target",
  correlationId: "correlation_id",
} as const;
const FILTERS = Object.keys(COLUMN) as readonly (keyof typeof COLUMN)[];

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
    async find({ from, to, refused, ...equal }, before, limit) {
      const values: unknown[] = [limit];
      const value = (given: unknown): string => `$${values.push(given)}`;
      const where = ["true"];
      if (before !== undefined) where.push(`line_id < ${value(before)}`);
      for (const key of FILTERS) if (equal[key] !== undefined) where.push(`${COLUMN[key]} = ${value(equal[key])}`);
      if (refused !== undefined) where.push(`(code IS NOT NULL) = ${value(refused)}`);
      if (from !== undefined) where.push(`l.at >= ${value(from)}`);
      if (to !== undefined) where.push(`l.at < ${value(to)}`);
      const { rows } = await reads.query<AuditLine>(
        `SELECT line_id AS "lineId", l.at, user_id AS "userId", role, act, target, correlation_id AS "correlationId", host(address) AS address,
           status, code
         FROM audit_lines l LEFT JOIN audit_outcomes o USING (line_id) WHERE ${where.join(" AND ")} ORDER BY line_id DESC LIMIT $1`,
        values,
      );
      return rows;
    },
  };
}
