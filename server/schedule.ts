import type pg from "pg";
import { createPause } from "../store/pause.ts";
import { describeFault } from "../store/sink.ts";
import {
  declareTasks,
  listTasks,
  prolongTask,
  requestTask,
  settleTask,
  type TaskEnd,
  type TaskOutcome,
  type TaskRun,
  type TaskStatus,
  takeTasks,
} from "../store/upkeep-tasks.ts";

/** What a task is given to do its work with. */
export interface TaskWork {
  /** Aborted when the node stops, the time is up or another node has taken over: it ends after the batch under way. */
  readonly signal: AbortSignal;
  /** So many more were dealt with. */
  progress(count: number): void;
}

/** Something that one node of all does from time to time. Doing it twice, or half, does no harm. */
export interface Task {
  readonly name: string;
  /** ms from the end of a run to the next. */
  readonly everyMs: number;
  /** ms after which a run has failed. */
  readonly timeoutMs: number;
  /** Rejects, or ends early once the signal is aborted. */
  run(work: TaskWork): Promise<void>;
}

export interface ScheduleOptions {
  readonly nodeId: string;
  readonly pool: Pick<pg.Pool, "query">;
  readonly onFault: (name: string, error: unknown) => void;
  /** A run of this node's ended. */
  readonly onRun?: (name: string, outcome: TaskOutcome, seconds: number) => void;
  /** Whether this node does any of it; default true. `false`: it only tells, and asks for it. */
  readonly runs?: boolean;
  /** ms between looks at what is due; default 2,000. */
  readonly pollMs?: number;
  /** ms after which a task whose node says nothing is another's to take; default 30,000. */
  readonly leaseMs?: number;
}

export interface Schedule {
  list(): Promise<readonly TaskStatus[]>;
  /** Has a task run now, on whichever node gets to it. Undefined: there is no such task. */
  request(name: string): Promise<TaskStatus | undefined>;
  /** Ends the runs of this node after the batch under way; another node takes them up. */
  close(): Promise<void>;
}

/** Runs at once on one node. */
const AT_ONCE = 2;
/** ms until a run that failed is tried again: doubling, but never longer than until it would be due anyway. */
const RETRY_MS = 5_000;

/** The time is up. */
class TimeOut extends Error {
  override readonly name = "TimeOut";
}
/** The node stops, or another one has taken over. */
class Interruption extends Error {
  override readonly name = "Interruption";
}

/**
 * Keeps tasks going, of which the database knows when they are due and who is at them: one node runs each, and one that was due
 * while no node lived runs soon after the next one starts. A run is a lease that is prolonged while it lasts, so that a killed
 * node's is taken up by another; it holds no session and no lock.
 */
export function createSchedule(tasks: readonly Task[], options: ScheduleOptions): Schedule {
  const { nodeId, pool, onFault, onRun, pollMs = 2_000, leaseMs = 30_000 } = options;
  const byName = new Map(tasks.map((task) => [task.name, task]));
  if (byName.size < tasks.length) throw new Error("two tasks of one name");
  const names = [...byName.keys()];
  const underWay = new Map<string, Promise<void>>();
  const closing = new AbortController();
  const pause = createPause();
  let declared = false;

  /** Nodes, and tasks of one interval, do not stay in step. */
  const about = (ms: number): number => ms * (0.9 + Math.random() / 5);

  async function step(): Promise<void> {
    if (!declared) await declareTasks(pool as pg.ClientBase, tasks);
    declared = true;
    const limit = AT_ONCE - underWay.size;
    if (limit <= 0) return;
    // A run whose lease has lapsed unnoticed is another node's to take.
    const free = names.filter((name) => !underWay.has(name));
    for (const run of await takeTasks(pool as pg.ClientBase, nodeId, { names: free, limit, leaseMs })) {
      const task = byName.get(run.name);
      if (task === undefined) continue;
      const ended = perform(task, run).finally(() => {
        underWay.delete(run.name);
        pause.wake();
      });
      underWay.set(run.name, ended);
    }
  }

  async function perform(task: Task, run: TaskRun): Promise<void> {
    const aborter = new AbortController();
    const interrupt = (): void => aborter.abort(new Interruption("the node stops"));
    closing.signal.addEventListener("abort", interrupt);
    if (closing.signal.aborted) interrupt();
    const begun = performance.now();
    const timer = setTimeout(() => aborter.abort(new TimeOut(`longer than ${task.timeoutMs} ms`)), task.timeoutMs);
    let done = 0;
    const prolonging = setInterval(() => {
      prolongTask(pool as pg.ClientBase, run, done, leaseMs).then(
        (ours) => {
          if (!ours) aborter.abort(new Interruption("another node has taken over"));
        },
        (error: unknown) => onFault(task.name, error),
      );
    }, leaseMs / 3);
    let failure: unknown;
    try {
      await task.run({
        signal: aborter.signal,
        progress(count) {
          done += count;
        },
      });
      failure = aborter.signal.aborted ? aborter.signal.reason : undefined;
    } catch (error) {
      failure = aborter.signal.aborted ? aborter.signal.reason : (error ?? new Error("nothing was thrown"));
    }
    clearTimeout(timer);
    clearInterval(prolonging);
    closing.signal.removeEventListener("abort", interrupt);
    await end(task, run, done, failure, (performance.now() - begun) / 1_000);
  }

  async function end(task: Task, run: TaskRun, done: number, failure: unknown, seconds: number): Promise<void> {
    const outcome = outcomeOf(failure);
    if (outcome === "FAILED") onFault(task.name, failure);
    onRun?.(task.name, outcome, seconds);
    const fault = outcome === "FAILED" ? describeFault(failure) : undefined;
    try {
      await settleTask(pool as pg.ClientBase, run, { outcome, fault, done, nextInMs: nextIn(task, run, outcome) });
    } catch (error) {
      // The lease runs out, and it is done again.
      onFault(task.name, error);
    }
  }

  function nextIn(task: Task, { failures }: TaskRun, outcome: TaskOutcome): TaskEnd["nextInMs"] {
    switch (outcome) {
      case "DONE":
        return about(task.everyMs);
      case "FAILED":
        return about(Math.min(task.everyMs, RETRY_MS * 2 ** Math.min(failures, 20)));
      case "INTERRUPTED":
        return 0;
    }
  }

  async function loop(): Promise<void> {
    while (!closing.signal.aborted) {
      pause.clear();
      try {
        await step();
      } catch (error) {
        onFault("look", error);
      }
      if (!closing.signal.aborted) await pause.wait(about(pollMs));
    }
  }

  const looping = options.runs === false ? Promise.resolve() : loop();
  return {
    list: () => listTasks(pool as pg.ClientBase, names),
    async request(name) {
      if (!byName.has(name)) return undefined;
      const status = await requestTask(pool as pg.ClientBase, name);
      pause.wake();
      return status;
    },
    async close() {
      closing.abort();
      pause.wake();
      await looping;
      await Promise.all(underWay.values());
    },
  };
}

function outcomeOf(failure: unknown): TaskOutcome {
  if (failure === undefined) return "DONE";
  return failure instanceof Interruption ? "INTERRUPTED" : "FAILED";
}
