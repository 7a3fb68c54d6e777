import { setTimeout as sleep } from "node:timers/promises";
import { Encoder } from "@colyseus/schema";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { type BadNetwork, openBadNetwork } from "../support/bad-network.ts";
import { tally } from "./tally.ts";
import { fillerOf } from "./tally-room.ts";
import { startTallyServer, type TallySession, type TallyState } from "./tally-server.ts";

/** So heavy that some hundred states fill all buffers of the two kernels' ends of a connection. */
const WEIGHT = 64 * 1024;
const FAST = { commandsPerSecond: 1_000_000, commandBurst: 1_000_000, framesPerSecond: 1_000_000 };
const ROOMS = {
  patient: { ...FAST, backlog: { bytes: 2 ** 30, ageMs: 600_000 } },
  small: { ...FAST, backlog: { bytes: 256 * 1024, ageMs: 600_000 } },
  hasty: { ...FAST, backlog: { bytes: 2 ** 30, ageMs: 300 } },
};

/** What a slow reader gets, on one transport. Each file has one: Colyseus runs once in a process. */
export function describeSerializer(transport: "uws" | "ws"): void {
  let server: Awaited<ReturnType<typeof startTallyServer>>;
  let network: BadNetwork;
  beforeAll(async () => {
    Encoder.BUFFER_SIZE = 4 * WEIGHT;
    server = await startTallyServer(createMemoryStore(createRegistry(tally.events)), transport, ROOMS, WEIGHT);
    network = await openBadNetwork(server.url);
  });
  afterAll(async () => {
    await network.close();
    await server.close();
    expect(server.faults).toEqual([]);
  });

  /** A quick and a slow client of one tally, and all that they are shown. */
  async function open(room: keyof typeof ROOMS) {
    const tallyId = await server.begin();
    const [quick, slow] = [await server.join(room, tallyId), await server.join(room, tallyId, network.url)];
    return { quick, slow, seen: { quick: record(quick), slow: record(slow) } };
  }

  function record(session: TallySession) {
    const states: TallyState[] = [session.state];
    const statuses: string[] = [];
    session.onState((state) => states.push(state));
    session.onStatus((status, reason) => statuses.push(`${status} ${reason}`));
    return { states, statuses };
  }

  /** In order, and each the very state that it says it is. */
  function expectSound(states: readonly TallyState[]): void {
    for (const [i, { version, sum, filler }] of states.entries()) {
      expect(sum).toBe((version - 1) % 2);
      expect(filler === fillerOf(version, WEIGHT), `the text of version ${version}`).toBe(true);
      expect(version).toBeGreaterThan(states[i - 1]?.version ?? 0);
    }
  }

  const add = async (session: TallySession): Promise<void> => {
    const amount = session.state.sum === 0 ? 1 : -1;
    const before = session.state.version;
    expect(await session.command({ type: "Add", amount })).toMatchObject({ ok: true });
    await session.until(({ version }) => version > before);
  };

  test(`[SERIAL-1] ${transport}: a client that reads late gets every patch as it was, while the others notice nothing`, async () => {
    const { quick, slow, seen } = await open("patient");
    network.stall(true);
    for (let i = 0; i < 110; i += 1) await add(quick);
    expect(slow.state.version).toBeLessThan(quick.state.version - 3);
    network.stall(false);
    await slow.until(({ version }) => version === quick.state.version);
    for (const { states, statuses } of [seen.quick, seen.slow]) {
      expectSound(states);
      expect(states).toHaveLength(111);
      expect(statuses).toEqual([]);
    }
    await Promise.all([quick.leave(), slow.leave()]);
  });

  test.each([
    ["[SERIAL-2] too many bytes wait for a client", "small"],
    ["[SERIAL-3] something has waited for a client for too long", "hasty"],
  ] as const)(`%s (${transport}): it is told to come again, and then has the full state`, async (_rule, room) => {
    const { quick, slow, seen } = await open(room);
    const before = server.refused.length;
    network.stall(true);
    for (let i = 0; i < 400 && server.refused.length === before; i += 1) {
      await add(quick);
      // Time goes by: enough for the age limit, once the first byte waits.
      if (room === "hasty" && i > 100) await sleep(5);
    }
    expect(server.refused.slice(before)).toEqual(["RESYNC"]);
    expect(server.cut.at(-1)).toBe("slow");
    await add(quick);
    network.stall(false);
    await slow.until(({ version }) => version === quick.state.version);
    await expect.poll(() => seen.slow.statuses).toEqual([expect.stringMatching(/^resuming 4100/), "connected joined"]);
    expect(slow.state).toEqual(quick.state);
    await add(slow);
    await quick.until(({ version }) => version >= slow.state.version);
    expectSound(seen.slow.states);
    expectSound(seen.quick.states);
    expect(seen.quick.statuses).toEqual([]);
    await Promise.all([quick.leave(), slow.leave()]);
  });
}
