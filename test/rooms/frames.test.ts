import { expect, test } from "vitest";
import { classifyFrame, type Frame } from "../../rooms/frames.ts";
import { randomFrame, validCommand, validFrame } from "../support/fuzz.ts";
import { msgpackr } from "../support/raw-client.ts";
import { seededRandom } from "./simulation.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1_000_000_007);
const FRAMES = 100_000;

/** Values in a decoded message, and every place that an array has made for one. */
function size(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.length + value.reduce<number>((sum, item) => sum + size(item), 0);
  if (value instanceof Uint8Array) return value.length;
  if (value === null || typeof value !== "object") return 1;
  return Object.entries(value).reduce((sum, [, item]) => sum + 1 + size(item), 1);
}

/** Bytes of the request id, which stands before the type. */
const idBytes = (first: number | undefined): number => ({ 204: 2, 205: 3, 206: 5 })[first ?? 0] ?? 1;

test(`[FRAME-1] of ${FRAMES} random frames (FUZZ_SEED=${SEED}), what is let through decodes without an error to no more than it has bytes`, () => {
  const random = seededRandom(SEED);
  const seen: Record<Frame, number> = { control: 0, command: 0, malformed: 0, oversized: 0 };
  for (let i = 0; i < FRAMES; i += 1) {
    const frame = randomFrame(random);
    const kind = classifyFrame(frame);
    seen[kind] += 1;
    if (kind !== "command") continue;
    const payload = frame.subarray(1 + idBytes(frame[1]) + "_command".length);
    const value = payload.length === 0 ? undefined : msgpackr.unpack(payload);
    expect(size(value), frame.toString("hex")).toBeLessThanOrEqual(frame.length);
  }
  // Each kind was there, and so many that the test means something.
  expect(seen.command).toBeGreaterThan(FRAMES / 20);
  expect(seen.malformed).toBeGreaterThan(FRAMES / 4);
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(100);
});

test(`[FRAME-2] whatever the SDK encodes of a valid command is let through, and comes out as it went in (FUZZ_SEED=${SEED})`, () => {
  const random = seededRandom(SEED);
  for (let i = 0; i < 10_000; i += 1) {
    const frame = validFrame(random);
    expect(classifyFrame(frame), frame.toString("hex")).toBe("command");
  }
  const [frame, command] = [validFrame(seededRandom(SEED)), seededRandom(SEED)];
  command();
  command();
  expect(msgpackr.unpack(frame.subarray(1 + idBytes(frame[1]) + "_command".length))).toEqual(validCommand(command));
});
