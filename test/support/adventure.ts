import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { AetherClient, type Answer, type PlayerSession, type PlayerSnapshot } from "../../client/client.ts";
import type { PlayerCommandMessage } from "../../client/player.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { Principal } from "../../rooms/principal.ts";
import { post, tokenFor } from "./fight.ts";
import { patiently } from "./patiently.ts";

/** One player's way into the game. */
export interface Adventurer {
  readonly id: string;
  readonly client: AetherClient;
  readonly session: PlayerSession;
  /** Sends a command that has to be accepted. */
  does(command: PlayerCommandMessage): Promise<Answer & { ok: true }>;
  /** The code with which a command is refused. */
  refused(command: PlayerCommandMessage): Promise<string>;
  /** The slot of an item that is carried. */
  slotOf(itemId: string): string;
}

export async function clientFor(gameUrl: string, id: string): Promise<AetherClient> {
  return new AetherClient({ url: gameUrl, token: await tokenFor("joueur", id) });
}

/** Joins as a new player, and creates it. */
export async function arrive(
  gameUrl: string,
  classe: "GUERRIER" | "MAGE" | "ARCHER" | "VOLEUR" | "CLERC",
  pseudo = "Alix",
  id: string = crypto.randomUUID(),
): Promise<Adventurer> {
  const client = await clientFor(gameUrl, id);
  const session = await patiently(() => client.joinPlayer({ events: true }));
  const adventurer: Adventurer = {
    id,
    client,
    session,
    async does(command) {
      const answer = await session.command(command);
      if (!answer.ok) throw new Error(`${command.type} was refused: ${answer.code} ${answer.message}`);
      return answer;
    },
    async refused(command) {
      const answer = await session.command(command);
      return answer.ok ? "accepted" : answer.code;
    },
    slotOf(itemId) {
      const slot = Object.values(session.state.slots).find((one) => one.itemId === itemId);
      if (slot === undefined) throw new Error(`${itemId} is not carried`);
      return slot.slotId;
    },
  };
  await adventurer.does({ type: "CreerJoueur", username: `u${id.slice(0, 8)}`, pseudo, classe });
  return adventurer;
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly userId?: string;
  readonly id?: string;
  /** The first answer counts, also where it is that the server cannot say now. */
  readonly once?: boolean;
}

/** ms for which a read is asked again: a server that has just started, or is busy, or whose read model is behind, says so with 503. */
const ASKED_FOR_MS = 30_000;

export async function call(
  apiUrl: string,
  path: string,
  role: Principal["role"],
  options: CallOptions = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const { method = "GET", body, userId, id, once = method !== "GET" } = options;
  const token = await tokenFor(role, userId);
  const deadline = Date.now() + ASKED_FOR_MS;
  for (;;) {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(id === undefined ? {} : { "idempotency-key": id }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== 503 || once || Date.now() > deadline)
      return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
    await sleep(50);
  }
}

/** What an operator gives. */
export async function give(apiUrl: string, id: string, command: Record<string, unknown>): Promise<void> {
  const { status, body } = await post(`${apiUrl}/players/${id}/commands`, "admin", command);
  expect(status, JSON.stringify(body)).toBe(200);
}

/** What an operator reads. */
export async function readAsAdmin<Body>(apiUrl: string, path: string): Promise<Body> {
  const { status, body } = await call(apiUrl, path, "admin");
  if (status !== 200) throw new Error(`${path}: ${JSON.stringify(body)}`);
  return body as Body;
}

/** The whole log, by pages. */
export async function wholeLog(apiUrl: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (;;) {
    const after = events.at(-1)?.sequence ?? 0;
    const { items: page } = await readAsAdmin<{ items: StoredEvent[] }>(apiUrl, `/events?limit=1000&after=${after}`);
    events.push(...page);
    if (page.length < 1_000) return events;
  }
}

/** Resolves when every saga has seen the log to its end; what they led to included. */
export async function sagasDone(apiUrl: string, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  let quiet = 0;
  while (quiet < 3) {
    const { items } = await readAsAdmin<{ items: { lagEvents: number }[] }>(apiUrl, "/admin/projections");
    quiet = items.every(({ lagEvents }) => lagEvents === 0) ? quiet + 1 : 0;
    if (Date.now() > deadline) throw new Error(`the sagas have not come to an end: ${JSON.stringify(items)}`);
    await sleep(50);
  }
}

export const alone = (state: PlayerSnapshot): boolean => state.combatId === "";
