import type { Answer } from "../domain/codes.ts";
import type { StoredEvent } from "../domain/envelope.ts";
import type { Saga, Step } from "../domain/sagas/saga.ts";
import { type Compensated, EventFault, PassingFault, type Sink } from "../store/sink.ts";
import { derivedUuid } from "../store/uuid.ts";
import type { Commands } from "./commands.ts";

/** Steps under way at the same time, over all events of a batch. */
const AT_ONCE = 32;

export type SagaCommands = Commands<{
  [To in Step["to"]]: Extract<Step, { to: To }>["command"];
}>;

/** The id of a step's command: the same for the same event, for ever, whoever sends it. */
export function stepId(saga: Saga, step: Step, eventId: string): string {
  return derivedUuid(`${saga.name}/${step.name}`, step.key ?? eventId);
}

/** Sends one step's command, as a saga does. */
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
      if (step.otherwise === undefined) throw new EventFault(answer.code, `${step.name}: ${answer.message}`);
      for (const makingUp of step.otherwise) await run(makingUp);
      undone = { code: answer.code, message: `${step.name}: ${answer.message}`, state: "COMPENSATED" };
    }

    const steps = [...saga.react(event)];
    while (steps.length > 0) await settleAll(steps.splice(0, AT_ONCE).map(run));
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
      const waiting = [...chains.values()];
      async function work(): Promise<void> {
        for (let chain = waiting.shift(); chain !== undefined; chain = waiting.shift()) {
          for (const event of chain) {
            const undone = await react(event, signal);
            if (undone !== undefined) compensated.push(undone);
          }
        }
      }
      await settleAll(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, work));
      return compensated;
    },
  };
}

/** Waits for all, also when one fails: nothing may be under way when the batch is given up. */
async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
