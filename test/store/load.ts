import { setTimeout as sleep } from "node:timers/promises";
import { v7 } from "uuid";
import { expect } from "vitest";
import type { EventStore } from "../../store/event-store.ts";
import { rowsOf } from "../support/client.ts";
import { gains, ids, joueur, readStream } from "./fixtures.ts";

/** Of a stream that nobody has begun. */
const FIRST_EPOCH = 1;

/** What actors were answered, by the reason or "ok". */
export type Answers = Map<string, number>;

export interface Load {
  readonly answers: Answers;
  /** Ends the load when every actor has had at least one append acknowledged after this call. */
  finish(): Promise<void>;
  /** Everything acknowledged is in the log once, and no stream has a gap. */
  verify(url: string): Promise<void>;
}

/**
 * Many actors that append as fast as they are answered, each with what it believes to be its version and epoch, and that do
 * what a real actor does: after an unknown outcome activate and read again, after UNAVAILABLE or BUSY try again.
 */
export function startLoad(store: EventStore, actors: number): Load {
  const acknowledged: string[] = [];
  const streams: string[] = [];
  const answers: Answers = new Map();
  let finishing = false;

  /** An actor's version and epoch, as the database has them; which of the `unsettled` appends are in the log were done. */
  async function load(id: string, unsettled: readonly (readonly string[])[]) {
    for (;;) {
      try {
        const head = await store.activate(id, "node");
        const events = await readStream(store, id);
        const written = ids(events);
        for (const append of unsettled) {
          const found = append.filter((eventId) => written.includes(eventId));
          expect([0, append.length], "an append is written whole or not at all").toContain(found.length);
          acknowledged.push(...found);
        }
        expect(events.length).toBe(head?.version ?? 0);
        return { version: head?.version ?? 0, epoch: head?.epoch ?? FIRST_EPOCH };
      } catch (error) {
        if (error instanceof Error && error.name === "AssertionError") throw error;
        await sleep(20); // the database is still away
      }
    }
  }

  async function act(): Promise<void> {
    const id = v7();
    streams.push(id);
    let { version, epoch } = await load(id, []);
    // There is no epoch to shut out an append that would begin the stream: it may come later than the look at the log.
    const beginnings: string[][] = [];
    for (let done = false; !done; ) {
      const last = finishing;
      const events = gains(2, version + 1);
      const result = await store.append({ actorId: id, streams: [{ ...joueur(id, version, events), epoch }] });
      const answer = result.ok ? "ok" : result.reason;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (result.ok) {
        acknowledged.push(...ids(events));
        version += 2;
        done = last;
      } else if (answer === "UNKNOWN") {
        if (version === 0) beginnings.push(ids(events));
        ({ version, epoch } = await load(id, version === 0 ? beginnings : [ids(events)]));
      } else if (answer === "CONFLICT" && version === 0 && beginnings.length > 0)
        ({ version, epoch } = await load(id, beginnings));
      else if (answer === "UNAVAILABLE" || answer === "BUSY") await sleep(20);
      else throw new Error(`${answer}: ${JSON.stringify(result)}`); // nobody else writes to this stream
    }
  }

  const working = Promise.all(Array.from({ length: actors }, act));
  working.catch(() => undefined); // reported by finish
  return {
    answers,
    async finish() {
      finishing = true;
      await working;
    },
    async verify(url) {
      const rows = await rowsOf<{ id: string; stream: string; version: number }>(
        url,
        // Of the actors: a probe that nobody expected to be taken may be.
        `SELECT event_id AS id, aggregate_id AS stream, aggregate_version AS version FROM evenements
         WHERE aggregate_id = ANY ($1) ORDER BY 2, 3`,
        [streams],
      );
      expect(acknowledged.length).toBe(new Set(acknowledged).size);
      expect(rows.map(({ id }) => id).sort(), "acknowledged and written are the same").toEqual(acknowledged.sort());
      const gaps = rows.filter(({ stream, version }, i) => {
        const before = rows[i - 1];
        return version !== (before?.stream === stream ? before.version + 1 : 1);
      });
      expect(gaps).toEqual([]);
      const heads = await rowsOf(
        url,
        `SELECT h.aggregate_id FROM stream_heads h JOIN (SELECT aggregate_id, max(aggregate_version) AS v FROM evenements GROUP BY 1) e
           USING (aggregate_id) WHERE h.version <> e.v`,
      );
      expect(heads).toEqual([]);
    },
  };
}
