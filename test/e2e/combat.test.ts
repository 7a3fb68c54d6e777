import { describe, expect, test } from "vitest";
import type { CombatSession, CombatSnapshot, SessionEvents } from "../../client/client.ts";
import type { Answer } from "../../domain/codes.ts";
import { holdAppends } from "../support/appends-held.ts";
import { isOver, isTurnOf, joinAs, play, readLog, snapshotsOf, startFight } from "../support/fight.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

/** Everything that a client is shown. */
function record(session: CombatSession) {
  const states: CombatSnapshot[] = [session.state];
  const events: SessionEvents[] = [];
  const answers: Answer[] = [];
  session.onState((state) => states.push(state));
  session.onEvents((some) => events.push(some));
  return { states, events, answers };
}

describe.each(["uws", "ws"])("a combat over %s", (TRANSPORT) => {
  const database = useDatabase();
  const server = useServerProcess(database, { ...FAST, TRANSPORT });

  test("[ROOM-1] every state that a client saw is the projection of a prefix of the log, in order; answers and events are the log's own", async () => {
    const { combatId, alix, bruno, graine } = await startFight(server.apiUrl);
    const first = await joinAs(server.gameUrl, combatId, alix);
    const seenByFirst = record(first);
    const second = await joinAs(server.gameUrl, combatId, bruno);
    const seen = [seenByFirst, record(second)] as const;
    await Promise.all(
      ([first, second] as const).map((session, i) =>
        play(session, i === 0 ? alix : bruno, undefined, async (command) => {
          const answer = await session.command(command);
          seen[i]?.answers.push(answer);
          return answer;
        }),
      ),
    );
    await Promise.all([first.until(isOver), second.until(isOver)]);

    const log = await readLog(server.apiUrl, combatId);
    const snapshots = snapshotsOf(log);
    const published = log.map(({ eventType, version, sequence, payload }) => {
      const { graine: _, ...shown } = payload as Record<string, unknown>;
      return {
        eventType,
        version,
        sequence,
        payload: eventType.startsWith("CombatPr") || eventType === "CombatDemarre" ? shown : payload,
      };
    });
    expect(log.length).toBeGreaterThan(30);
    for (const { states, events, answers } of seen) {
      expect(states.length).toBeGreaterThan(5);
      for (const [i, state] of states.entries()) {
        expect(state).toEqual(snapshots[state.version]);
        expect(state.version).toBeGreaterThan(states[i - 1]?.version ?? 0);
      }
      expect(states.at(-1)?.version).toBe(log.length);
      expect(events.flatMap((commit) => commit.events)).toEqual(
        published.slice(-events.flatMap((c) => c.events).length),
      );
      for (const answer of answers) {
        if (answer.ok)
          expect(answer.events).toEqual(published.slice(answer.version - answer.events.length, answer.version));
      }
      expect(answers.some(({ ok }) => ok)).toBe(true);
      expect(JSON.stringify({ states, events, answers })).not.toContain(graine);
    }
    expect(JSON.stringify(log)).toContain(graine);
    await Promise.all([first.leave(), second.leave()]);
  });

  test("[ROOM-2] nothing is answered, shown or published before it is durable, and a joiner sees what is durable", async () => {
    const { combatId, alix, bruno } = await startFight(server.apiUrl);
    const first = await joinAs(server.gameUrl, combatId, alix);
    const second = await joinAs(server.gameUrl, combatId, bruno);
    const state = await first.until((s) => isTurnOf(s, alix) || isTurnOf(s, bruno));
    await second.until(({ version }) => version === state.version);
    const [active, other] = isTurnOf(state, alix) ? [first, second] : [second, first];
    const seen = [record(active), record(other)];
    let answered = false;
    const { answer, joiner } = await holdAppends(database.url, combatId, async (blocked) => {
      const answer = active.command({ type: "Conceder" }).finally(() => {
        answered = true;
      });
      await blocked();
      // By now the room has decided; a third connection comes while the commit waits, and all traffic has had a round trip.
      const joiner = await joinAs(server.gameUrl, combatId, alix);
      expect(joiner.state).toEqual(state);
      expect(answered).toBe(false);
      for (const { states, events } of seen)
        expect([states.length, events.filter(({ version }) => version > state.version)]).toEqual([1, []]);
      return { answer, joiner };
    });
    expect(await answer).toMatchObject({ ok: true });
    for (const session of [active, other, joiner])
      expect((await session.until(({ version }) => version > state.version)).version).toBeGreaterThan(state.version);
    await Promise.all([first.leave(), second.leave(), joiner.leave()]);
  });
});
