import type pg from "pg";
import type { Role } from "../domain/roles.ts";
import { isServerError } from "./pg-errors.ts";

/** An account as a login needs it. */
export interface Account {
  readonly accountId: string;
  readonly role: Role;
  /** argon2id, in its own text form. */
  readonly passwordHash: string;
}

/** Accounts, the one place where a name stands that someone logs in with. */
export interface Accounts {
  /** @returns false: somebody has that name, in any mix of cases */
  register(accountId: string, username: string, passwordHash: string): Promise<boolean>;
  registerGuest(accountId: string): Promise<void>;
  /** Gives a guest's account a name and a password. `NOT_A_GUEST`: it has them already, or there is no such account. */
  claim(accountId: string, username: string, passwordHash: string): Promise<"CLAIMED" | "TAKEN" | "NOT_A_GUEST">;
  find(username: string): Promise<Account | undefined>;
}

const UNIQUE_VIOLATION = "23505";

export function createAccounts(pool: Pick<pg.Pool, "query">): Accounts {
  async function unlessTaken(text: string, values: readonly unknown[]): Promise<number | "TAKEN"> {
    try {
      return (await pool.query(text, [...values])).rowCount ?? 0;
    } catch (error) {
      if (isServerError(error) && error.code === UNIQUE_VIOLATION) return "TAKEN";
      throw error;
    }
  }

  return {
    register: async (...values) =>
      (await unlessTaken("INSERT INTO comptes (compte_id, username, mot_de_passe) VALUES ($1, $2, $3)", values)) === 1,
    async registerGuest(accountId) {
      await pool.query("INSERT INTO comptes (compte_id) VALUES ($1)", [accountId]);
    },
    async claim(...values) {
      const claimed = await unlessTaken(
        "UPDATE comptes SET username = $2, mot_de_passe = $3 WHERE compte_id = $1 AND username IS NULL",
        values,
      );
      if (claimed === "TAKEN") return "TAKEN";
      return claimed === 1 ? "CLAIMED" : "NOT_A_GUEST";
    },
    async find(username) {
      const { rows } = await pool.query<Account>(
        `SELECT compte_id AS "accountId", role, mot_de_passe AS "passwordHash" FROM comptes WHERE lower(username) = lower($1)`,
        [username],
      );
      return rows[0];
    },
  };
}
