import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../rooms/simulation.ts";
import { startFight } from "../support/fight.ts";
import { randomFrame } from "../support/fuzz.ts";
import { useDatabase } from "../support/postgres.ts";
import { joinRaw, PROTOCOL } from "../support/raw-client.ts";
import { useServerProcess } from "../support/server-process.ts";

const FRAMES = Number(process.env["FUZZ_FRAMES"] ?? 100_000);
const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1_000_000_007);
const CONNECTIONS = 8;
const BURST = 250;
/** That is answered as one. */
const isPing = (frame: Buffer): boolean => frame[0] === PROTOCOL.PING && frame.length <= 4_096;

describe.each(["uws", "ws"])("random input over %s", (transport) => {
  const server = useServerProcess(useDatabase(), {
    TRANSPORT: transport,
    COMMANDS_PER_SECOND: "1000000",
    FRAMES_PER_SECOND: "1000000",
    MALFORMED_FRAMES: "5000",
  });
  const rss = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]);

  test(`[GATE-12] ${FRAMES} random frames (FUZZ_SEED=${SEED}): the server lives on, and the room's other client notices nothing`, async () => {
    const { combatId, alix, bruno } = await startFight(server.apiUrl, { preparationMs: 0 });
    const witness = await joinRaw(server.gameUrl, combatId, alix);
    const before = rss();
    let handled = 0;
    let connections = 0;

    /** One connection after another, each until the server ends it; all of a burst count once the last was handled. */
    async function attack(seed: number): Promise<void> {
      const random = seededRandom(seed);
      while (handled < FRAMES) {
        const attacker = await joinRaw(server.gameUrl, combatId, bruno, { acknowledge: random() < 0.8 });
        connections += 1;
        while (!attacker.isClosed && handled < FRAMES) {
          const burst = Array.from({ length: BURST }, () => randomFrame(random));
          // To leave is a valid frame: nothing after it would be read.
          const staying = burst.filter(([code]) => code !== PROTOCOL.LEAVE);
          attacker.received.length = 0;
          attacker.send(...staying);
          if (!(await attacker.roundTrip(staying.filter(isPing).length))) break;
          handled += staying.length;
          if (staying.length < burst.length && random() < 0.1) {
            attacker.send(...burst.filter(([code]) => code === PROTOCOL.LEAVE));
            expect(await attacker.closed).toBe(4000);
            handled += 1;
          }
        }
        attacker.destroy();
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => attack(SEED + i)));

    expect(handled).toBeGreaterThanOrEqual(FRAMES);
    expect(connections).toBeGreaterThan(CONNECTIONS);
    expect(await server.metric("aether_refused_total", 'code="BAD_REQUEST"')).toBeGreaterThan(FRAMES / 2);
    expect(await server.metric("aether_faults_total")).toBe(0);
    expect(rss() - before).toBeLessThan(150 * 1024);
    expect(await witness.request({ commandId: crypto.randomUUID(), type: "Conceder" })).toMatchObject({ ok: true });
    expect(witness.received.filter(([code]) => code === PROTOCOL.ERROR)).toEqual([]);
    witness.destroy();
  });

  test(`[GATE-13] random bytes instead of WebSocket frames (FUZZ_SEED=${SEED})`, async () => {
    const { combatId, alix, bruno } = await startFight(server.apiUrl, { preparationMs: 0 });
    const witness = await joinRaw(server.gameUrl, combatId, alix);
    const random = seededRandom(SEED);
    for (let i = 0; i < 200; i += 1) {
      const attacker = await joinRaw(server.gameUrl, combatId, bruno);
      attacker.write(Buffer.from(Array.from({ length: 1 + random() * 400 }, () => random() * 256)));
      attacker.destroy();
    }
    expect(await witness.request({ commandId: crypto.randomUUID(), type: "Conceder" })).toMatchObject({ ok: true });
    expect(witness.received.filter(([code]) => code === PROTOCOL.ERROR)).toEqual([]);
    witness.destroy();
  });
});
