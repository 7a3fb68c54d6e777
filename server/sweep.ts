import type { Answer } from "../domain/codes.ts";
import type { TaskWork } from "./schedule.ts";

export interface Sweep {
  /** Ids of what is due, after an id and in their order. */
  readonly page: (after: string, limit: number) => Promise<readonly string[]>;
  readonly first: string;
  readonly send: (id: string) => Promise<Answer>;
}

const PAGE = 200;
/** Commands on their way at once: players' own commands come first. */
const AT_ONCE = 4;

/**
 * Sends a command to every aggregate for which something is due, whoever runs it, or nobody. The read model may say so a little
 * after it was done: then the aggregate refuses, and nothing happens.
 * @throws SweepError when some could not decide; they are still due
 */
export async function sweep({ page, first, send }: Sweep, { signal, progress }: TaskWork): Promise<void> {
  let undecided = 0;
  let code = "";
  for (let after = first; !signal.aborted; ) {
    const ids = await page(after, PAGE);
    const queue = ids.values();
    const work = async (): Promise<void> => {
      for (const id of queue) {
        if (signal.aborted) return;
        const answer = await send(id);
        if (!answer.ok && answer.retryable) {
          undecided += 1;
          code = answer.code;
        } else progress(1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const last = ids.at(-1);
    if (last === undefined || ids.length < PAGE) break;
    after = last;
  }
  if (undecided > 0) throw new SweepError(`${undecided} could not be decided: ${code}`);
}

class SweepError extends Error {
  override readonly name = "SweepError";
}
