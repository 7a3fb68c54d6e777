import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import type { Session } from "../../client/session.ts";
import type { Answer } from "../../domain/codes.ts";
import type { Journal, Subject } from "./journal.ts";

/** One ask of the SDK's, ms; it is asked again under the same id until there is an answer. */
const ASK_MS = 20_000;
const REJOIN_MS = 300;
/** Commands that can be asked for again. */
const KEPT = 20;

/** A session of the SDK that a client keeps a diary of. It is joined anew where it was closed for good. */
export interface Recorded<State, Command> {
  readonly state: State;
  /** Resolves with an answer that stands, however long it takes. */
  command(command: Command): Promise<Answer>;
  /** Those of its last commands that it sent after `since` (ms since 1970), once more, under their ids. */
  askAgain(since: number): Promise<void>;
  until(test: (state: State) => boolean): Promise<State>;
  leave(): Promise<void>;
}

export async function record<State extends { readonly version: number }, Command extends { readonly type: string }>(
  journal: Journal,
  subject: Subject,
  join: () => Promise<Session<State, Command>>,
): Promise<Recorded<State, Command>> {
  const sent = new Map<string, { readonly at: number; readonly command: Command }>();
  const seen = { subject, session: uuidv7() };
  let session = await enter();

  async function enter(): Promise<Session<State, Command>> {
    for (;;) {
      try {
        const joined = await join();
        journal.write({ kind: "status", ...seen, status: "connected", reason: "joined" });
        journal.write({ kind: "state", ...seen, state: joined.state });
        joined.onState((state) => journal.write({ kind: "state", ...seen, state }));
        joined.onEvents((events) => journal.write({ kind: "events", ...seen, ...events }));
        joined.onStatus((status, reason) => journal.write({ kind: "status", ...seen, status, reason }));
        return joined;
      } catch (error) {
        journal.write({ kind: "status", ...seen, status: "refused", reason: String(error) });
        await sleep(REJOIN_MS);
      }
    }
  }

  async function live(): Promise<Session<State, Command>> {
    if (session.status === "closed") session = await enter();
    return session;
  }

  async function ask(command: Command, commandId: string): Promise<Answer> {
    for (;;) {
      const answer = await (await live()).command(command, { commandId, giveUpAfterMs: ASK_MS });
      if (!answer.ok && answer.code === "UNANSWERED") continue;
      journal.write({ kind: "answered", commandId, answer });
      return answer;
    }
  }

  return {
    get state() {
      return session.state;
    },
    command(command) {
      const commandId = uuidv7();
      sent.set(commandId, { at: Date.now(), command });
      for (const [oldest] of sent) {
        if (sent.size <= KEPT) break;
        sent.delete(oldest);
      }
      journal.write({ kind: "sent", commandId, subject, message: command });
      return ask(command, commandId);
    },
    async askAgain(since) {
      for (const [commandId, { at, command }] of [...sent]) if (at > since) await ask(command, commandId);
    },
    async until(test) {
      for (;;) {
        try {
          return await (await live()).until(test);
        } catch {
          // It was closed for good: by the next turn it is another one.
          await sleep(REJOIN_MS);
        }
      }
    },
    leave: () => session.leave(),
  };
}
