import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { Actor, type Commit } from "../../rooms/actor.ts";
import { executeCold, party } from "../../rooms/cold.ts";
import { envelop } from "../../rooms/envelop.ts";
import { readAggregate } from "../../rooms/load.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { PURSES, type Purse, type PurseCommand, purse } from "./purse.ts";
import {
  type Door,
  faultyStore,
  insist,
  runToPeace,
  seededRandom,
  startNodes,
  VirtualTime,
  type World,
} from "./simulation.ts";

/** What a client wants: one purse to do something, or two to do something together. */
export interface Wish {
  readonly commandId: string;
  readonly lasting: boolean;
  readonly expectedVersion: number | undefined;
  readonly doors: "actor" | "cold" | "both";
  readonly parts: readonly [Part, ...Part[]];
}

interface Part {
  readonly id: string;
  readonly command: PurseCommand;
}

export interface PurseJournal {
  /** Final answers, in the order in which clients got them; `kept`: every repeat must get the same. */
  readonly answers: { readonly wish: Wish; readonly answer: Answer; readonly kept: boolean }[];
  readonly shown: { readonly id: string; readonly commit: Commit<Purse> }[];
  /** What lasting commands were answered long after. */
  readonly late: { readonly wish: Wish; readonly answer: Answer }[];
  readonly log: readonly StoredEvent[];
  readonly logAfterLate: readonly StoredEvent[];
  readonly sent: readonly Wish[];
  readonly faults: number;
}

const COLD_NODES = 3;
/** More than an actor remembers. */
export const FORGOTTEN_AFTER = 260;

/** One run: two purses, each with an actor that crashes or meets a twin; nodes that write cold, also both at once; a store with faults. */
export async function simulatePurses(seed: number): Promise<PurseJournal> {
  const random = seededRandom(seed);
  const time = new VirtualTime();
  const { store, upkeep } = withUpkeep(createMemoryStore(createRegistry(purse.events)));
  const faults = { rate: random() * 0.3 };
  let faultCount = 0;
  const telemetry = {
    refused: () => undefined,
    fault() {
      faultCount += 1;
    },
  };
  const world: World = { random, time, store, faults, telemetry };
  const answers: PurseJournal["answers"] = [];
  const shown: PurseJournal["shown"] = [];
  const sent: Wish[] = [];
  const actors = new Map(
    PURSES.map((id) => [id as string, startNodes(world, id, purse, (commit) => shown.push({ id, commit }))]),
  );
  const connections = Array.from({ length: COLD_NODES }, () => faultyStore(store, time, random, faults));
  /** Purses that exist. */
  const begun = new Set<string>();
  const hinted = random() < 0.5;

  function viaActor({ commandId, lasting, expectedVersion, parts: [{ id, command }] }: Wish): Door {
    const nodes = actors.get(id);
    const actor = nodes?.current;
    if (actor === undefined) throw new Error(`no actor of ${id}`);
    return {
      answer: actor.submit({ commandId, command, expectedVersion, lasting }),
      isOpen: () => actor === nodes?.current,
    };
  }

  function viaCold(wish: Wish): Door {
    const connection = connections[Math.floor(random() * COLD_NODES)] ?? store;
    const heard = random() < 0.85;
    const answer = cold(wish, connection, world).then((answered) => {
      for (const { id } of wish.parts) if (hinted && answered.ok) actors.get(id)?.current.refresh();
      return answered;
    });
    return { answer, isOpen: () => heard };
  }

  async function send(wish: Wish): Promise<void> {
    let kept = true;
    const answer = await insist(world, () => {
      const owned = wish.doors === "actor" || (wish.doors === "both" && random() < 0.6);
      // Of purses that do not exist yet, nothing is kept of what is refused cold.
      kept = owned || wish.lasting || wish.parts.every(({ id }) => begun.has(id));
      return owned ? viaActor(wish) : viaCold(wish);
    });
    kept ||= answer.ok;
    if (answer.ok && answer.version > 0) begun.add(wish.parts[0].id);
    answers.push({ wish, answer, kept });
  }

  /** Sent by clients that do not wait for their answers. */
  const pending: Promise<void>[] = [];
  const clients = Array.from({ length: 2 + Math.floor(random() * 5) }, async (_, client) => {
    for (let i = 0; i < 10; i += 1) {
      const commandId = `01900000-0000-7000-8000-${String(client).padStart(6, "0")}${String(i).padStart(6, "0")}`;
      const wish = makeWish(commandId, random, (id) => actors.get(id)?.current.version ?? 0);
      sent.push(wish);
      const first = send(wish);
      const repeats = random() < 0.3 ? [time.sleep(random() * 400).then(() => send(wish))] : [];
      if (random() < 0.5) await Promise.all([first, ...repeats]);
      else pending.push(first, ...repeats);
      await time.sleep(random() * 60);
    }
  });
  await runToPeace(world, clients);
  await runToPeace(world, pending);
  const log = await readLog(store);
  upkeep();
  const late = await longAfter(world, sent);
  return { answers, shown, late, log, logAfterLate: await readLog(store), sent, faults: faultCount };
}

/** Once there was upkeep, outcomes that are not lasting are gone, but for those that are kept after it. */
function withUpkeep(log: EventStore): { store: EventStore; upkeep: () => void } {
  const passing = new Set<string>();
  let gone: ReadonlySet<string> = new Set();
  const store: EventStore = {
    ...log,
    async append(request) {
      const result = await log.append(request);
      for (const { commandId, lasting } of request.outcomes ?? []) if (result.ok && !lasting) passing.add(commandId);
      return result;
    },
    outcome: async (id, commandId) => (gone.has(commandId) ? undefined : log.outcome(id, commandId)),
    outcomes: async (id) => (await log.outcomes(id)).filter(({ commandId }) => !gone.has(commandId)),
  };
  const upkeep = () => {
    gone = new Set(passing);
  };
  return { store, upkeep };
}

async function readLog(store: EventStore): Promise<readonly StoredEvent[]> {
  return store.readAll(0, await store.highWaterMark(), { limit: 100_000 });
}

function cold(
  { parts, doors: _, ...envelope }: Wish,
  store: EventStore,
  { time, random, telemetry }: World,
): Promise<Answer> {
  const { expectedVersion } = envelope;
  // The answer is the last one's.
  const parties = parts
    .toReversed()
    .map(({ id, command }) => party({ aggregate: purse, id, command: () => command, expectedVersion }));
  return executeCold({ store, telemetry, tenantId: "t", clock: time, random }, parties, envelope);
}

function makeWish(commandId: string, random: () => number, versionOf: (id: string) => number): Wish {
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const [one, other] = random() < 0.5 ? PURSES : [PURSES[1], PURSES[0]];
  const lasting = random() < 0.4;
  if (random() < 0.35) {
    const gold = random() < 0.4 ? 0 : whole(-60, 60);
    const goods = random() < 0.4 ? 0 : whole(-4, 4);
    const parts = [
      { id: one, command: { type: "Trade", gold, goods } },
      { id: other, command: { type: "Trade", gold: 0 - gold, goods: 0 - goods } },
    ] as const;
    return { commandId, lasting, expectedVersion: undefined, doors: "cold", parts };
  }
  const commands: readonly PurseCommand[] = [
    { type: "Earn", amount: whole(1, 120) },
    { type: "Buy", count: whole(1, 6) },
    { type: "Sell", count: whole(1, 4) },
    { type: "Use", count: whole(1, 3) },
    { type: "Lock", count: whole(-3, 6) },
    { type: "Vow", amount: whole(-40, 90) },
    { type: "Trade", gold: 0, goods: 0 },
  ];
  const command = commands[whole(0, commands.length - 1)] ?? { type: "Earn", amount: 1 };
  const expectedVersion = random() < 0.1 ? versionOf(one) + whole(0, 1) : undefined;
  const doors = (["actor", "cold", "both"] as const)[whole(0, 2)] ?? "both";
  return { commandId, lasting, expectedVersion, doors, parts: [{ id: one, command }] };
}

/** Repeats every lasting command once more has happened to each purse than anybody remembers, through new actors and cold. */
async function longAfter(world: World, sent: readonly Wish[]): Promise<PurseJournal["late"]> {
  const { store, telemetry, time } = world;
  for (const id of PURSES) {
    const before = await readAggregate(id, purse, store, telemetry);
    const expectedVersion = before?.state.versions.Joueur ?? 0;
    const number = (i: number) => `01900000-0000-7000-9000-${String(i).padStart(12, "0")}`;
    const events = Array.from({ length: FORGOTTEN_AFTER }, (_, i) => {
      const payload = { by: 0, now: before?.state.gold ?? 0, why: "Earn", upon: [] };
      const envelope = { commandId: number(i), command: undefined };
      return envelop(purse, [{ eventType: "Gold", payload }], envelope, "t", time.now());
    }).flat();
    const refused = { ok: false, code: "NOT_SO", message: "long ago", retryable: false };
    const outcomes = events.map((_, i) => ({
      aggregateId: id,
      commandId: number(FORGOTTEN_AFTER + i),
      outcome: refused,
    }));
    const flooded = await store.append({
      actorId: id,
      streams: [{ aggregateId: id, aggregateType: "Joueur", expectedVersion, events }],
      outcomes,
    });
    if (!flooded.ok) throw new Error(JSON.stringify(flooded));
    const after = await readAggregate(id, purse, store, telemetry);
    if (after === undefined) throw new Error(`nothing of ${id}`);
    const snapshot = { aggregateId: id, aggregateType: purse.type, version: after.version, state: after.state };
    await store.saveSnapshots([{ ...snapshot, stateVersion: 1, recentCommands: after.accepted.values() }]);
  }
  const late: PurseJournal["late"] = [];
  const options = { nodeId: "late", tenantId: "t" };
  const actors = new Map(PURSES.map((id) => [id as string, new Actor(id, purse, store, time, telemetry, options)]));
  for (const wish of sent.filter(({ lasting }) => lasting)) {
    const answer = await cold(wish, store, world);
    late.push({ wish, answer });
    const [{ id, command }, second] = wish.parts;
    // One purse's actor knows of a common step only if it came about.
    if (second !== undefined && !answer.ok) continue;
    const { commandId, expectedVersion, lasting } = wish;
    const again = await actors.get(id)?.submit({ commandId, command, expectedVersion, lasting });
    if (again !== undefined) late.push({ wish, answer: again });
  }
  return late;
}
