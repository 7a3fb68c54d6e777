import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { Commit } from "../../rooms/actor.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { insist, runToPeace, seededRandom, startNodes, VirtualTime, type World } from "./simulation.ts";
import { ID, type Tally, tally } from "./tally.ts";

export interface Journal {
  /** Final answers, in the order in which clients got them. */
  readonly answers: { readonly commandId: string; readonly answer: Answer }[];
  readonly shown: Commit<Tally>[];
  readonly log: readonly StoredEvent[];
  readonly sent: ReadonlySet<string>;
  readonly faults: number;
}

/** One run: clients, an actor that crashes or meets a twin, a store with faults; then peace, until every command has its answer. */
export async function simulate(seed: number): Promise<Journal> {
  const random = seededRandom(seed);
  const time = new VirtualTime();
  const store = createMemoryStore(createRegistry(tally.events));
  const faults = { rate: random() * 0.3 };
  const answers: Journal["answers"] = [];
  const shown: Commit<Tally>[] = [];
  const sent = new Set<string>();
  let faultCount = 0;
  const telemetry = {
    refused: () => undefined,
    fault() {
      faultCount += 1;
    },
  };
  const world: World = { random, time, store, faults, telemetry };

  await store.append({
    actorId: ID,
    streams: [
      {
        aggregateId: ID,
        aggregateType: "WorldState",
        expectedVersion: 0,
        events: [
          {
            eventId: "01900000-0000-7000-8000-00000000ffff",
            eventType: "Added",
            timestamp: new Date(0).toISOString(),
            payload: { amount: 0, sum: 0 },
            metadata: { correlationId: ID, tenantId: "t", schemaVersion: 1 },
          },
        ],
      },
    ],
  });

  const nodes = startNodes(world, ID, tally, (commit) => shown.push(commit));

  async function send(commandId: string, amount: number): Promise<void> {
    const answer = await insist(world, () => {
      const actor = nodes.current;
      return {
        answer: actor.submit({ commandId, command: { type: "Add", amount } }),
        isOpen: () => actor === nodes.current,
      };
    });
    answers.push({ commandId, answer });
  }

  const clients = Array.from({ length: 1 + Math.floor(random() * 5) }, async (_, client) => {
    for (let i = 0; i < 12; i += 1) {
      const commandId = `01900000-0000-7000-8000-${String(client).padStart(6, "0")}${String(i).padStart(6, "0")}`;
      const amount = Math.floor(random() * 160) - 60;
      sent.add(commandId);
      const first = send(commandId, amount);
      const repeats = random() < 0.3 ? [time.sleep(random() * 300).then(() => send(commandId, amount))] : [];
      if (random() < 0.5) await Promise.all([first, ...repeats]);
      else repeats.push(first);
      await time.sleep(random() * 60);
    }
  });
  await runToPeace(world, clients);
  const log = await store.readAll(0, await store.highWaterMark(), { limit: 10_000 });
  return { answers, shown, log, sent, faults: faultCount };
}
