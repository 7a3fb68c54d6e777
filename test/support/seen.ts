import { expect } from "vitest";
import type { CombatSession } from "../../client/client.ts";
import type { CombatSnapshot } from "../../client/combat.ts";
import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { snapshotsOf } from "./fight.ts";

export interface Seen {
  readonly states: readonly CombatSnapshot[];
  /** `status reason`, from the first on. */
  readonly statuses: readonly string[];
}

/** Remembers all that a session is shown from now on. */
export function watch(session: CombatSession): Seen {
  const states = [session.state];
  const statuses: string[] = [session.status];
  session.onState((state) => states.push(state));
  session.onStatus((status, reason) => statuses.push(`${status} ${reason}`.trim()));
  return { states, statuses };
}

/** Every state that was shown is what the log led to at that version. */
export function expectNothingBesideTheLog(log: readonly StoredEvent[], ...seen: readonly Seen[]): void {
  const snapshots = snapshotsOf(log);
  for (const { states } of seen) for (const state of states) expect(state).toEqual(snapshots[state.version]);
}

/** An accepted command has just the events of its answer in the log, a refused one none. */
export function expectInLog(log: readonly StoredEvent[], commandId: string, answer: Answer): void {
  const events = log.filter(({ metadata }) => metadata.commandId === commandId);
  const told = ({ version, sequence, payload }: { version: number; sequence: number; payload: unknown }) => ({
    ...{ version, sequence, payload },
  });
  expect(events.map(told)).toEqual(answer.ok ? answer.events.map(told) : []);
}
