import type { AnsweredEvent } from "../domain/codes.ts";

/** Who took part in what is theirs: of the world's events everyone is told what happened, not by whom. */
const PERSONS: ReadonlySet<string> = new Set(["joueurId", "pseudo", "participants", "vainqueurs"]);

export function publishWorldEvent(event: AnsweredEvent): AnsweredEvent {
  const payload = Object.fromEntries(
    Object.entries(event.payload as Readonly<Record<string, unknown>>).filter(([key]) => !PERSONS.has(key)),
  );
  return { ...event, payload };
}
