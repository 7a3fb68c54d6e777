import { describe, expect, test } from "vitest";
import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { checkAll } from "./check/all.ts";
import { ADA, BEL, GOOD, type Story, tellStory } from "./check/story.ts";
import type { Entry } from "./journal.ts";

const story = tellStory();

async function problemsOf({ log, journal }: Story): Promise<readonly string[]> {
  const restAt = log.at(-1)?.sequence ?? 0;
  const { problems } = await checkAll({ log, restAt, goods: [GOOD], journals: [async () => journal] });
  return problems;
}

type Of = (event: StoredEvent) => boolean;
const typed =
  (type: string, holds: (payload: Record<string, unknown>) => boolean = () => true): Of =>
  ({ eventType, payload }) =>
    eventType === type && holds(payload as Record<string, unknown>);

function found(is: Of): StoredEvent {
  const event = story.log.find(is);
  if (event === undefined) throw new Error("the story has no such event");
  return event;
}

/** The story with its first such event told otherwise. */
function changed(is: Of, change: (payload: Record<string, unknown>) => object): Story {
  const event = found(is);
  const payload = { ...(event.payload as object), ...change(event.payload as Record<string, unknown>) };
  return { ...story, log: story.log.map((one) => (one === event ? { ...one, payload } : one)) };
}

function without(is: Of): Story {
  const event = found(is);
  return { ...story, log: story.log.filter((one) => one !== event) };
}

/** One more event at the end of its stream and of the log. */
function more(like: Of, change: Partial<StoredEvent> = {}): Story {
  const event = found(like);
  const version = story.log.filter(({ aggregateId }) => aggregateId === event.aggregateId).length + 1;
  const sequence = (story.log.at(-1)?.sequence ?? 0) + 1;
  const metadata = { ...event.metadata, commandId: crypto.randomUUID() };
  const added = { ...event, eventId: crypto.randomUUID(), version, sequence, metadata, ...change };
  return { ...story, log: [...story.log, added] };
}

function told(is: (entry: Entry) => boolean, change: (entry: Entry) => readonly Entry[]): Story {
  const entry = story.journal.findLast(is);
  if (entry === undefined) throw new Error("the journal has no such entry");
  return { ...story, journal: story.journal.flatMap((one) => (one === entry ? change(one) : [one])) };
}

const isAnswer = (entry: Entry): boolean => entry.kind === "answered";
const refused: Answer = { ok: false, code: "NOT_ENOUGH_GOLD", message: "", retryable: false };
const isState = (entry: Entry): boolean => entry.kind === "state" && entry.subject.id === ADA;

function seenAs(change: (state: Record<string, unknown>) => object): Story {
  return told(isState, (entry) =>
    entry.kind === "state" ? [{ ...entry, state: { ...entry.state, ...change({ ...entry.state }) } }] : [entry],
  );
}

describe("what the checks find", () => {
  test("[CHAOS-2] nothing in a story in which all is well", async () => {
    expect(await problemsOf(story)).toEqual([]);
    const types = new Set(story.log.map(({ eventType }) => eventType));
    for (const type of ["TransactionExecutee", "EchangeFerme", "CombatTermine"]) expect(types).toContain(type);
  });

  const purse = typed("OrModifie", ({ raison }) => raison === "CADEAU");
  const closing = typed("CombatTermine");
  const answered =
    (answer: Answer) =>
    (entry: Entry): readonly Entry[] =>
      entry.kind === "answered" ? [{ ...entry, answer }] : [entry];

  test.each<readonly [string, () => Story, RegExp]>([
    ["an acknowledged event that is lost", () => without(purse), /was told OrModifie \d+, which is not in the log/],
    ["a version that is missing", () => without(purse), /version 4 of \w+ in place 3/],
    ["an event that is in the log twice", () => more(purse, { eventId: found(purse).eventId }), /is in the log twice/],
    ["a sequence that goes back", () => more(purse, { sequence: 1 }), /sequence 1 comes after \d+/],
    [
      "a command that was done twice",
      () => more(purse, { metadata: found(purse).metadata }),
      /was done twice to Joueur/,
    ],
    ["a command that was never answered", () => told(isAnswer, () => []), /was never answered/],
    [
      "two answers to one command",
      () => told(isAnswer, (one) => [one, ...answered(refused)(one)]),
      /and then NOT_ENOUGH_GOLD/,
    ],
    [
      "a refused command that is in the log",
      () => told(isAnswer, answered(refused)),
      /was refused \(NOT_ENOUGH_GOLD\), and has \d+ events/,
    ],
    ["a fault of the server's", () => told(isAnswer, answered({ ...refused, code: "INTERNAL" })), /met a fault/],
    [
      "an answer that is not what the log says",
      () =>
        told(isAnswer, (one) =>
          one.kind === "answered" && one.answer.ok
            ? answered({ ...one.answer, events: one.answer.events.map((event) => ({ ...event, payload: {} })) })(one)
            : [one],
        ),
      /was told another \w+ \d+ than is in the log/,
    ],
    [
      "an answer that keeps something back",
      () =>
        told(isAnswer, (one) =>
          one.kind === "answered" && one.answer.ok
            ? answered({ ...one.answer, events: one.answer.events.slice(1) })(one)
            : [one],
        ),
      /was told events .* in the log/,
    ],
    [
      "an event that was seen and is lost",
      () => without(typed("DegatsInfliges")),
      /DegatsInfliges \d+ was seen and is not in the log/,
    ],
    [
      "an event that was seen otherwise",
      () => changed(typed("DegatsInfliges"), () => ({ degatsFinaux: 99 })),
      /DegatsInfliges \d+ was seen otherwise/,
    ],
    [
      "a state that the log does not hold",
      () => seenAs(() => ({ or: 1 })),
      /was seen otherwise than the log tells it: or 1 ≠/,
    ],
    [
      "a state beyond the log's end",
      () => seenAs(() => ({ version: 10_000 })),
      /version 10000 was seen, and the log ends before/,
    ],
    [
      "a state after a later one",
      () =>
        told(isState, (one) => {
          const first = story.journal.find(isState);
          return first === undefined ? [one] : [one, first];
        }),
      /version \d+ was shown after \d+/,
    ],
    [
      "an end that nobody was shown",
      () => told(isState, () => []),
      /last seen at version \d+, and at rest it was at \d+/,
    ],
    ["a combat that does not end", () => without(closing), /has not ended/],
    ["a combat that ends twice", () => more(closing), /has ended 2 times/],
    ["a combat that goes on after its end", () => more(typed("DegatsInfliges")), /went on after its end/],
    ["gold out of nothing", () => more(purse), /purse of .*: \d+ \+ 500 ≠/],
    ["gold that is gone", () => changed(purse, () => ({ delta: 400, solde: 400 })), /purse of /],
    [
      "an exchange that gives more than it takes",
      () =>
        changed(
          typed("OrModifie", ({ raison }) => raison === "ECHANGE"),
          ({ delta }) => ({ delta: Number(delta) + 1 }),
        ),
      /exchange .*: gold: 1 out of nothing/,
    ],
    [
      "things out of nothing",
      () =>
        changed(
          typed("ItemAjoute", ({ source }) => source === "MARCHE"),
          ({ quantite, quantiteApres }) => ({
            quantite: Number(quantite) + 1,
            quantiteApres: Number(quantiteApres) + 1,
          }),
        ),
      /goods .*: \d+ ≠ \d+ \+ \d+/,
    ],
    [
      "a pile that jumps",
      () =>
        changed(
          typed("ItemAjoute", ({ itemId }) => itemId === GOOD),
          () => ({ quantiteApres: 21 }),
        ),
      /pile .*: \d+ became/,
    ],
    [
      "a reward that did not come",
      () => without(typed("OrModifie", ({ raison }) => raison === "COMBAT")),
      /owes .* gold, and 0 came/,
    ],
    ["a combat that holds its player", () => without(typed("CombatQuitte")), /was closed 0 times/],
    [
      "a trade that was never paid",
      () => without(typed("OrModifie", ({ raison, joueurId }) => raison === "ORDRE_REGLE" && joueurId === ADA)),
      /owes .* gold and 0 pieces/,
    ],
    ["an order that is set aside twice", () => more(typed("OrdreReserve")), /was set aside 2 times/],
    [
      "an order that has no end",
      () => without(typed("OrdreClos", ({ joueurId }) => joueurId === BEL)),
      /closed 0 times/,
    ],
  ])("[CHAOS-2] %s", async (_, doctored, problem) => {
    const problems = await problemsOf(doctored());
    expect(problems.filter((one) => problem.test(one))).not.toEqual([]);
  });
});
