import { isDeepStrictEqual } from "node:util";
import type { Answer, AnsweredEvent } from "../../../domain/codes.ts";
import type { StoredEvent } from "../../../domain/envelope.ts";
import { publishCombatEvent } from "../../../rooms/combat-room.ts";
import type { Entry, Subject } from "../journal.ts";
import { type LogIndex, streamsOf } from "./log-index.ts";

/** A command of a journal, with the answers that it had. */
export interface Asked {
  readonly commandId: string;
  readonly type: string;
  readonly subject: Subject;
  readonly sentAt: number;
  readonly answers: readonly { readonly at: number; readonly answer: Answer }[];
}

export function commandsOf(entries: readonly Entry[]): readonly Asked[] {
  const commands = new Map<string, Asked & { readonly answers: { at: number; answer: Answer }[] }>();
  for (const entry of entries) {
    if (entry.kind === "sent" && !commands.has(entry.commandId)) {
      const { commandId, subject, message } = entry;
      commands.set(commandId, { commandId, subject, type: message.type, sentAt: entry.at, answers: [] });
    }
    if (entry.kind === "answered") commands.get(entry.commandId)?.answers.push({ at: entry.at, answer: entry.answer });
  }
  return [...commands.values()];
}

/** An event of the log as clients may see it. */
export function shownAs({ eventType, version, sequence, payload }: StoredEvent): AnsweredEvent {
  return publishCombatEvent({ eventType, version, sequence, payload });
}

/** Each command was answered, always the same; what was accepted is in the log, once, as it was told; what was refused is not. */
export function checkCommands(commands: readonly Asked[], log: LogIndex): readonly string[] {
  return commands.flatMap((asked) =>
    checkCommand(asked, log).map((what) => `${asked.type} ${asked.commandId}: ${what}`),
  );
}

function checkCommand({ commandId, type, subject, answers }: Asked, log: LogIndex): readonly string[] {
  const first = answers[0]?.answer;
  if (first === undefined) return ["was never answered"];
  const problems: string[] = [];
  for (const { answer } of answers.slice(1))
    if (!sameAnswer(first, answer)) problems.push(`was answered ${told(first)} and then ${told(answer)}`);
  const found = log.byCommand(commandId);
  if (!first.ok && first.code === "INTERNAL") problems.push("met a fault of the server's");
  if (first.ok) problems.push(...unlike(first.events, log));
  problems.push(...(type === "PlacerOrdre" ? ofOrder(first, found) : ofOthers(first, found, type, subject)));
  return problems;
}

/** Over REST a repeat says more than a session does; what is decided is the same. */
function sameAnswer(one: Answer, other: Answer): boolean {
  if (!one.ok || !other.ok) return !one.ok && !other.ok && one.code === other.code;
  return one.version === other.version && isDeepStrictEqual(plain(one.events), plain(other.events));
}

function unlike(events: readonly AnsweredEvent[], log: LogIndex): readonly string[] {
  return events.flatMap((event) => {
    const stored = log.bySequence.get(event.sequence);
    if (stored === undefined) return [`was told ${event.eventType} ${event.sequence}, which is not in the log`];
    return isDeepStrictEqual(plain(event), plain(shownAs(stored)))
      ? []
      : [`was told another ${event.eventType} ${event.sequence} than is in the log`];
  });
}

function ofOthers(first: Answer, found: readonly StoredEvent[], type: string, subject: Subject): readonly string[] {
  if (!first.ok)
    return found.length === 0 ? [] : [`was refused (${first.code}), and has ${found.length} events in the log`];
  const streams = streamsOf(subject);
  const own = found.filter(({ aggregateId, aggregateType }) =>
    type === "CommencerCombat" ? aggregateType === "Combat" : streams.includes(aggregateId),
  );
  const [inLog, inAnswer] = [own, first.events].map((events) =>
    events.map(({ sequence }) => sequence).sort((a, b) => a - b),
  );
  return isDeepStrictEqual(inLog, inAnswer) ? [] : [`was told events ${inAnswer}, and has ${inLog} in the log`];
}

/** The purse's half bears the command's id, and the book's one that follows from it. What the book refuses stays in the log as such. */
function ofOrder(first: Answer, found: readonly StoredEvent[]): readonly string[] {
  const reserved = found.filter(({ eventType }) => eventType === "OrdreReserve").length;
  if (reserved > 1) return [`set aside ${reserved} times`];
  return first.ok && reserved !== 1 ? ["was accepted, and nothing was set aside for it"] : [];
}

export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function told(answer: Answer): string {
  return answer.ok ? `version ${answer.version}` : answer.code;
}
