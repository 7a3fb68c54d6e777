import { randomUUID } from "node:crypto";
import type pg from "pg";
import { type Answer, refusal } from "../domain/codes.ts";
import { fightOf } from "../domain/matchmaking/fight.ts";
import { type ModesRules, mode } from "../domain/matchmaking/modes.ts";
import type { PlayerState } from "../domain/player/state.ts";
import { currentVitals } from "../domain/player/vitals.ts";
import { giveUp, type ReadyMatch } from "../store/matches.ts";
import { inTransaction } from "../store/transaction.ts";
import { derivedUuid } from "../store/uuid.ts";
import type { CombatStart, CombatStartBody } from "./combat-start.ts";
import { combatStartBody } from "./combat-start.ts";

export interface MatchBeginning {
  readonly pool: pg.Pool;
  readonly rules: ModesRules;
  start(body: CombatStartBody, start: CombatStart): Promise<Answer>;
  readPlayer(id: string): Promise<PlayerState | undefined>;
}

/** Refusals that are for a player's sake: the others of its match may be matched again. */
const PLAYERS_OWN: readonly string[] = ["IN_COMBAT", "NO_HIT_POINTS", "PLAYER_NOT_FOUND", "NOT_FOUND"];

/**
 * [QUEUE-10]: begins a match's combat, in one commit with the match. Whoever begins it again finds it begun. What refuses it for good ends
 * the match: who is to blame is out of the queue, the others wait on. A refusal that is `retryable` leaves everything as it is.
 */
export async function beginMatch(match: ReadyMatch, services: MatchBeginning): Promise<Answer> {
  const { matchId, combatId } = match;
  const body = bodyOf(match, services.rules);
  const answer = body.success
    ? await services.start(body.data, {
        combatId,
        commandId: derivedUuid("combat", matchId),
        graine: body.data.graine ?? randomUUID(),
        correlationId: matchId,
        match: matchId,
        ...(match.emetteurId !== null && { userId: match.emetteurId }),
      })
    : refusal("INTERNAL", "the match is of no form that a combat takes");
  if (answer.ok || answer.retryable) return answer;
  const guilty = await guiltyOf(match, answer.code, services);
  await inTransaction(services.pool, (client) => giveUp(client, matchId, answer.code, guilty));
  return answer;
}

function bodyOf({ definition, mode: name, cibleId, joueurs }: ReadyMatch, rules: ModesRules) {
  const known = mode.safeParse(name);
  if (definition !== null || !known.success) return combatStartBody.safeParse(definition);
  return combatStartBody.safeParse(fightOf(rules[known.data], cibleId, joueurs));
}

/** The tickets of those for whose sake it was refused; all of them where it was for nobody's, or nobody's queue is theirs to go back to. */
async function guiltyOf(
  { definition, joueurs }: ReadyMatch,
  code: string,
  { readPlayer }: MatchBeginning,
): Promise<readonly string[]> {
  const all = [...new Set(joueurs.map(({ ticketId }) => ticketId))];
  if (definition !== null || !PLAYERS_OWN.includes(code)) return all;
  const found = new Set<string>();
  for (const { joueurId, ticketId } of joueurs) {
    const state = await readPlayer(joueurId);
    const free = state !== undefined && state.joueur.combatId === null && currentVitals(state, Date.now()).hpActuel > 0;
    if (!free) found.add(ticketId);
  }
  return found.size === 0 && code === "NOT_FOUND" ? all : [...found];
}
