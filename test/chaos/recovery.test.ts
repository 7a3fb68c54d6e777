import { expect, test } from "vitest";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { Asked } from "./check/commands.ts";
import { indexLog } from "./check/log-index.ts";
import type { Injected } from "./faults.ts";
import { percentile, recoveries } from "./recovery.ts";

function kill(at: number, owned: readonly string[] | undefined, target = "game-1"): Injected {
  const fault = { at: 0, kind: "kill", role: "game", target, ms: 500 } as const;
  return { fault, at, goneAt: at + 10, healedAt: at + 1_500, owned };
}

/** Commands that are decided and answered at these times, one to each of these streams. */
function accepted(...all: readonly (readonly [id: string, decidedAt: number, answeredAt: number, sentAt?: number])[]) {
  const log = all.map(([aggregateId, decidedAt], i): StoredEvent => {
    const told = {
      eventType: "E",
      payload: {},
      version: 1,
      sequence: i + 1,
      aggregateId,
      aggregateType: "Combat",
    } as const;
    const metadata = { correlationId: "", tenantId: "", schemaVersion: 1 };
    return { ...told, eventId: `${i}`, timestamp: new Date(decidedAt).toISOString(), metadata };
  });
  const commands = all.map(([id, , at, sentAt = 0], i): Asked => {
    const events = [{ eventType: "E", version: 1, sequence: i + 1, payload: {} }];
    const answer = { ok: true, version: 1, sequence: i + 1, events } as const;
    return { commandId: `${i}`, type: "T", sentAt, subject: { type: "Combat", id }, answers: [{ at, answer }] };
  });
  return { log: indexLog(log), commands };
}

function measured(injected: readonly Injected[], given: ReturnType<typeof accepted>) {
  return recoveries(injected, given.commands, given.log).map(({ firstMs, eachMs, alone }) => ({
    firstMs,
    eachMs,
    alone,
  }));
}

test("[CHAOS-3] counted from the signal to the answer, of what the node ran, by each and by the first", () => {
  const given = accepted(["a", 1_400, 1_500], ["b", 1_100, 1_200], ["b", 1_500, 1_600], ["other", 1_020, 1_030]);
  expect(measured([kill(1_000, ["a", "b", "quiet"])], given)).toEqual([
    { firstMs: 200, eachMs: [200, 500], alone: true },
  ]);
});

test("[CHAOS-3] an answer that the dead node had still given is no recovery", () => {
  const given = accepted(["a", 1_005, 1_050], ["a", 1_700, 1_800]);
  expect(measured([kill(1_000, ["a"])], given)).toEqual([{ firstMs: 800, eachMs: [800], alone: true }]);
  const none = accepted(["a", 1_005, 1_050]);
  expect(measured([kill(1_000, ["a"])], none)).toEqual([{ firstMs: undefined, eachMs: [], alone: true }]);
});

test("[CHAOS-3] an aggregate to which nothing was sent for a while has not been waited for", () => {
  const given = accepted(["a", 9_050, 9_100, 9_000]);
  expect(measured([kill(1_000, ["a"])], given)).toEqual([{ firstMs: 8_100, eachMs: [100], alone: true }]);
});

test("[CHAOS-3] where something else was wrong meanwhile it says so, and what nobody can tell is not counted", () => {
  const given = accepted(["a", 1_400, 1_500]);
  expect(measured([kill(1_000, ["a"]), kill(1_200, undefined, "game-2")], given)).toEqual([
    { firstMs: 500, eachMs: [500], alone: false },
  ]);
});

test("[CHAOS-3] percentiles are by the nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([50, 95, 99, 100].map((p) => percentile(hundred, p))).toEqual([50, 95, 99, 100]);
  expect(percentile([], 50)).toBeUndefined();
});
