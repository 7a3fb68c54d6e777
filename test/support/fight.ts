import { setTimeout as sleep } from "node:timers/promises";
import { AetherClient, type AetherOptions, type CombatSession } from "../../client/client.ts";
import type { CombatCommandMessage, CombatParticipant, CombatSnapshot } from "../../client/combat.ts";
import type { Answer } from "../../domain/codes.ts";
import { combat } from "../../domain/combat/combat.ts";
import { DEMO_SKILLS, type DemoCombat, demoCombat } from "../../domain/combat/demo.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { CombatView, projectCombat } from "../../rooms/combat-view.ts";
import type { Principal } from "../../rooms/principal.ts";
import { signToken } from "../../server/auth.ts";
import { DEVELOPMENT_SECRET } from "../../server/config.ts";
import { patiently } from "./patiently.ts";

export function tokenFor(role: Principal["role"], userId: string = crypto.randomUUID()): Promise<string> {
  return signToken(DEVELOPMENT_SECRET, { userId, role, tenantId: "default" });
}

export async function post(url: string, role: Principal["role"], body: unknown, headers = {}, userId?: string) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await tokenFor(role, userId)}`,
      "content-type": "application/json",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

export interface Fight {
  readonly combatId: string;
  /** The two players' ids. */
  readonly alix: string;
  readonly bruno: string;
  readonly graine: string;
}

/** A combat of two players and their allies, who play at once and wait for players for as long as the test likes. */
export async function startFight(apiUrl: string, options: Partial<DemoCombat> = {}): Promise<Fight> {
  const [alix, bruno, graine] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const definition = demoCombat(alix, bruno, {
    graine,
    preparationMs: 600_000,
    dureeTourMs: 600_000,
    delaiPnjMs: 0,
    ...options,
  });
  const key = { "idempotency-key": crypto.randomUUID() };
  for (;;) {
    const { status, body } = await post(`${apiUrl}/combat/start`, "service", definition, key);
    if (status === 201) return { combatId: String(body["combatId"]), alix, bruno, graine };
    if (status !== 503) throw new Error(`the combat was refused: ${JSON.stringify(body)}`);
    await sleep(50);
  }
}

/** @param options e.g. of one that does not notice a silence */
export async function joinAs(
  gameUrl: string,
  combatId: string,
  userId: string,
  options: Pick<AetherOptions, "heartbeatMs"> = {},
): Promise<CombatSession> {
  const client = new AetherClient({ url: gameUrl, token: await tokenFor("joueur", userId), ...options });
  return patiently(() => client.joinCombat(combatId, { events: true }));
}

export const isOver = ({ etat }: CombatSnapshot): boolean => etat === "TERMINE" || etat === "ABANDONNE";

/** Whose turn it is, if it is a player's of those given. */
export function isTurnOf(state: CombatSnapshot, userId: string): boolean {
  return state.etat === "EN_COURS" && state.participants[state.participantActifId]?.entiteId === userId;
}

/** What a player would like to do now, best first; the last is always possible. */
export function wishes(state: CombatSnapshot, me: CombatParticipant): readonly CombatCommandMessage[] {
  const [foe] = Object.values(state.participants)
    .filter(({ equipe, etat }) => equipe !== me.equipe && etat === "ACTIF")
    .sort((a, b) => Math.abs(a.position - me.position) - Math.abs(b.position - me.position));
  const defend: CombatCommandMessage = { type: "ExecuterAction", typeAction: "DEFENSE" };
  if (foe === undefined) return [defend];
  const act = { type: "ExecuterAction" as const, cibles: [foe.participantId] };
  const position = me.position + Math.sign(foe.position - me.position) * 2;
  return [
    { ...act, typeAction: "COMPETENCE", competenceId: DEMO_SKILLS.bouleDeFeu },
    { ...act, typeAction: "COMPETENCE", competenceId: DEMO_SKILLS.frappe },
    { ...act, typeAction: "ATTAQUE" },
    { type: "ExecuterAction", typeAction: "DEPLACEMENT", position },
    defend,
  ];
}

/** Plays this player's turns until the combat is over, or `turns` of them. */
export async function play(
  session: CombatSession,
  userId: string,
  turns = Number.POSITIVE_INFINITY,
  send: (command: CombatCommandMessage) => ReturnType<CombatSession["command"]> = (command) => session.command(command),
): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    const state = await session.until((s) => isOver(s) || isTurnOf(s, userId));
    const me = state.participants[state.participantActifId];
    if (isOver(state) || me === undefined) return;
    for (const wish of wishes(state, me)) {
      if ((await send(wish)).ok) break;
    }
  }
}

/** To play with: each command has an id of its own, under which its answer is kept. */
export function keepAnswers(session: CombatSession, answers: Map<string, Answer>) {
  return async (command: CombatCommandMessage): Promise<Answer> => {
    const commandId = crypto.randomUUID();
    const answer = await session.command(command, { commandId });
    answers.set(commandId, answer);
    return answer;
  };
}

export async function readLog(apiUrl: string, combatId: string): Promise<StoredEvent[]> {
  for (;;) {
    const response = await fetch(`${apiUrl}/events?aggregateId=${combatId}&limit=1000`, {
      headers: { authorization: `Bearer ${await tokenFor("admin")}` },
    });
    const body = (await response.json()) as { readonly items: StoredEvent[] };
    if (response.ok) return body.items;
    // A server that has just started may not have got to it in time.
    if (response.status !== 503) throw new Error(JSON.stringify(body));
    await sleep(50);
  }
}

/** What clients may see at each version of a log: index = version. */
export function snapshotsOf(log: readonly StoredEvent[]): readonly CombatSnapshot[] {
  let state = combat.initial;
  return [state, ...log.map((event) => (state = combat.evolve(state, event as never)))].map((durable) => {
    const view = new CombatView();
    projectCombat(view, durable, undefined);
    return view.toJSON() as unknown as CombatSnapshot;
  });
}
