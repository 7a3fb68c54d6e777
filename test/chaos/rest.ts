import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import type { Answer } from "../../domain/codes.ts";
import type { Principal } from "../../rooms/principal.ts";
import { tokenFor } from "../support/fight.ts";
import type { Journal, Subject } from "./journal.ts";

const CALL_MS = 8_000;

/** A call that is journalled like a command of a session. */
export interface RestCall {
  readonly method: "POST" | "DELETE";
  readonly path: string;
  readonly role: Principal["role"];
  readonly userId: string;
  readonly body?: object;
  /** What it is about, as far as the caller knows before. */
  readonly subject: Subject;
  readonly type: string;
  readonly commandId?: string;
}

export type Told = Answer & { readonly combatId?: string };

/** Asks over REST under one Idempotency-Key until there is an answer that stands. */
export async function askRest(apiUrl: string, journal: Journal, call: RestCall): Promise<Told> {
  const { method, path, role, userId, body, subject, type, commandId = uuidv7() } = call;
  journal.write({ kind: "sent", commandId, subject, message: { type } });
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await fetch(`${apiUrl}${path}`, {
        method,
        headers: {
          ...{ authorization: `Bearer ${await tokenFor(role, userId)}`, "idempotency-key": commandId },
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_MS),
      });
      const given = (await response.json()) as Told & { readonly code?: string; readonly retryable?: boolean };
      const { code = "", retryable = false } = given;
      if (response.ok || !retryable) {
        const answer: Told = response.ok ? given : { ok: false, code, message: "", retryable };
        journal.write({ kind: "answered", commandId, answer });
        return answer;
      }
    } catch {
      // Nobody there, or no answer in time: that is what is being tried.
    }
    await sleep(Math.min(50 + 20 * tries, 500));
  }
}
