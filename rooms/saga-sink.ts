import { type Answer, REFUSALS } from "../domain/codes.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import type { Saga, Step } from "../domain/sagas/saga.ts";
import { type Compensated, EventFault, PassingFault, type Sink } from "../store/sink.ts";
import { derivedUuid } from "../store/uuid.ts";
import type { Commands } from "./commands.ts";

/** Aggregates of a batch whose events are taken at the same time, and steps of one event. */
const AT_ONCE = 32;

export type SagaCommands = Commands<{
  [To in Step["to"]]: Extract<Step, { to: To }>["command"];
}>;

/** The id of a step's command: the same for the same event, for ever, whoever sends it. */
export function stepId(saga: Saga, step: Step, eventId: string): string {
  return derivedUuid(`${saga.name}/${step.name}`, step.key ?? eventId);
}

/**
 * Sends one step's command, as a saga does. A refusal that leads to something else must stand for ever; one that an operator looks
 * into must not, or trying again once its cause is gone would come to nothing.
 */
export function sendStep(
  commands: SagaCommands,
  saga: Saga,
  step: Step,
  cause: { readonly eventId: string; readonly correlationId: string },
): Promise<Answer> {
  const envelope = {
    commandId: stepId(saga, step, cause.eventId),
    correlationId: cause.correlationId,
    causationId: cause.eventId,
    lasting: true,
    forgetRefusal: step.otherwise === undefined && step.fine === undefined,
  };
  switch (step.to) {
    case "Joueur":
      return commands.send(step.to, step.id, { ...envelope, command: step.command });
    case "Economy":
      return commands.send(step.to, step.id, { ...envelope, command: step.command });
    case "WorldState":
      return commands.send(step.to, step.id, { ...envelope, command: step.command });
  }
}

/**
 * Runs a saga on a consumer. Its commands are lasting: after a crash, a retry or a replay of the whole log the same ids are sent
 * again, and change nothing. The events of one aggregate follow each other; those of different ones go side by side.
 */
export function createSagaSink(saga: Saga, commands: SagaCommands): Sink {
  async function react(event: StoredEvent, signal: AbortSignal): Promise<Compensated | undefined> {
    const { eventId, metadata } = event;
    const cause = { eventId, correlationId: metadata.correlationId };
    let undone: Compensated["deadLetter"] | undefined;

    async function run(step: Step): Promise<void> {
      if (signal.aborted) throw new PassingFault("closing");
      const answer = await sendStep(commands, saga, step, cause);
      if (answer.ok || step.fine?.includes(answer.code) === true) return;
      if (answer.retryable) throw new PassingFault(answer.code);
      // The server's own refusals are not kept: what was undone for one of them could be done later all the same.
      if (step.otherwise === undefined || answer.code in REFUSALS)
        throw new EventFault(answer.code, `${step.name}: ${answer.message}`);
      for (const makingUp of step.otherwise) await run(makingUp);
      undone = { code: answer.code, message: `${step.name}: ${answer.message}`, state: "COMPENSATED" };
    }

    await settleAll(saga.react(event), run);
    return undone === undefined ? undefined : { sequence: event.sequence, deadLetter: undone };
  }

  return {
    async apply(events, _transaction, signal) {
      const chains = new Map<string, StoredEvent[]>();
      for (const event of events) {
        const chain = chains.get(event.aggregateId) ?? [];
        chains.set(event.aggregateId, chain);
        chain.push(event);
      }
      const compensated: Compensated[] = [];
      async function work(chain: readonly StoredEvent[]): Promise<void> {
        for (const event of chain) {
          const undone = await react(event, signal);
          if (undone !== undefined) compensated.push(undone);
        }
      }
      await settleAll([...chains.values()], work);
      return compensated;
    },
  };
}

/**
 * Does all of it, also when some fails: nothing may be under way when the batch is given up, and what one failure holds up must
 * not be the rest. Failures that pass go first: what failed for good is recorded only once the rest is done.
 */
async function settleAll<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const failures: unknown[] = [];
  async function next(): Promise<void> {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      try {
        await work(one);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, next));
  if (failures.length > 0) throw failures.find((error) => error instanceof PassingFault) ?? failures[0];
}
