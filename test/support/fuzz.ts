import { msgpackr, PROTOCOL, requestFrame } from "./raw-client.ts";

export type Random = () => number;

const MARKERS = [
  0x40,
  0x72,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xa1,
  0xbf,
  ...Array.from({ length: 0x20 }, (_, i) => 0xc0 + i),
];
const packr = new msgpackr.Packr();

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(random, 256)));
}

/** A UUID from the seed, so that a run replays. */
function uuid(random: Random): string {
  const hex = bytes(random, 16).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** A command as the client's SDK would send it; every field that there is, in any company and order. */
export function validCommand(random: Random): Record<string, unknown> {
  const fields: [string, unknown][] = [
    ["commandId", uuid(random)],
    ["type", "ExecuterAction"],
    ["typeAction", "DEFENSE"],
  ];
  if (random() < 0.3) fields.push(["expectedVersion", below(random, 100_000)]);
  if (random() < 0.3) fields.push(["competenceId", uuid(random)]);
  if (random() < 0.3) fields.push(["itemId", uuid(random)]);
  if (random() < 0.3) fields.push(["cibles", Array.from({ length: below(random, 17) }, () => uuid(random))]);
  if (random() < 0.3) fields.push(["position", below(random, 100)]);
  if (random() < 0.1) fields.push(["combatId", uuid(random)]);
  if (random() < 0.1) fields.push(["joueurId", undefined]);
  return Object.fromEntries(fields.sort(() => random() - 0.5));
}

export function validFrame(random: Random): Buffer {
  return requestFrame(below(random, 2 ** below(random, 32)), "command", validCommand(random), packr);
}

function mutated(random: Random, frame: Buffer): Buffer {
  const copy = [...frame];
  for (let i = 1 + below(random, 4); i > 0; i -= 1) {
    const at = below(random, copy.length);
    const some = random() < 0.5 ? below(random, 256) : (MARKERS[below(random, MARKERS.length)] ?? 0);
    const kind = random();
    if (kind < 0.4) copy[at] = some;
    else if (kind < 0.6) copy.splice(at, 0, some);
    else if (kind < 0.8) copy.splice(at, 1 + below(random, 8));
    else copy.splice(at, 0, ...copy.slice(below(random, copy.length)).slice(0, 64));
  }
  return Buffer.from(copy.slice(0, 4_096));
}

/** What looks most like msgpack: markers of every kind, with what they announce or without. */
function markers(random: Random): Buffer {
  return Buffer.from(
    Array.from({ length: below(random, 60) }, () =>
      random() < 0.7 ? (MARKERS[below(random, MARKERS.length)] ?? 0) : below(random, 256),
    ),
  );
}

/** Anything that could come from a socket, mostly just beside what is right. */
export function randomFrame(random: Random): Buffer {
  const kind = random();
  if (kind < 0.15) return bytes(random, below(random, random() < 0.05 ? 8_200 : 60));
  if (kind < 0.25) return Buffer.concat([Buffer.from([8 + below(random, 16)]), bytes(random, below(random, 30))]);
  if (kind < 0.4) return validFrame(random).subarray(0, below(random, 120));
  if (kind < 0.6)
    return Buffer.concat([
      Buffer.from([PROTOCOL.REQUEST, below(random, 128)]),
      Buffer.from("\xa7command", "latin1"),
      markers(random),
    ]);
  if (kind < 0.95) return mutated(random, validFrame(random));
  return validFrame(random);
}
