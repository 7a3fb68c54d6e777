/**
 * What a frame of a client's is, told before anything decodes it. The decoders behind trust lengths: a frame of five bytes
 * that announces an array of 16 million makes them allocate 128 MB, and such headers nest.
 */

/** Colyseus' protocol bytes that a client of ours sends. */
const JOIN_ROOM = 10;
const LEAVE_ROOM = 12;
const ROOM_REQUEST = 21;
const PING = 18;
const MAX_DEPTH = 8;
/** The largest command has some 800 bytes. */
const MAX_BYTES = 4 * 1024;
/** The only type of request that rooms take, as a string: its length, and its letters. */
const COMMAND_TYPE = Uint8Array.from("\xa7command", (letter) => letter.charCodeAt(0));

export type Frame = "control" | "command" | "malformed" | "oversized";

export function classifyFrame(frame: Uint8Array): Frame {
  if (frame.length > MAX_BYTES) return "oversized";
  switch (frame[0]) {
    case JOIN_ROOM:
    case LEAVE_ROOM:
    case PING:
      return "control";
    case ROOM_REQUEST:
      return isCommand(frame) ? "command" : "malformed";
    default:
      return "malformed";
  }
}

/** `[ROOM_REQUEST][request id: number]["command"][msgpack payload]`, as the SDK encodes it. */
function isCommand(frame: Uint8Array): boolean {
  const idBytes = numberLength(frame[1]);
  if (idBytes === 0) return false;
  const at = 1 + idBytes;
  if (COMMAND_TYPE.some((byte, i) => frame[at + i] !== byte)) return false;
  const payload = at + COMMAND_TYPE.length;
  return payload === frame.length || msgpackEnd(frame, payload) === frame.length;
}

/** Bytes of a schema-encoded unsigned number with this first byte; 0 if it is none. */
function numberLength(first: number | undefined): number {
  if (first === undefined) return 0;
  if (first < 0x80) return 1;
  if (first === 0xcc) return 2;
  if (first === 0xcd) return 3;
  if (first === 0xce) return 5;
  return 0;
}

/** Structures that a message has defined so far: record id → number of fields. */
type Records = Map<number, number>;

/**
 * Where the msgpack value at `at` ends, or -1 if it does not: truncated, too deep, or of an extension that no client of
 * ours sends. Two are: `undefined`, and the records in which msgpackr writes objects (keys once, then only values).
 */
export function msgpackEnd(bytes: Uint8Array, at: number, depth = 0, records: Records = new Map()): number {
  const first = bytes[at];
  if (first === undefined || depth > MAX_DEPTH) return -1;
  if (first >= 0x40 && first <= 0x7f && records.has(first))
    return items(bytes, at + 1, records.get(first), depth, records);
  if (first <= 0x7f || first >= 0xe0) return at + 1;
  if (first <= 0x8f) return entries(bytes, at + 1, first & 0x0f, depth, records);
  if (first <= 0x9f) return items(bytes, at + 1, first & 0x0f, depth, records);
  if (first <= 0xbf) return within(bytes, at + 1 + (first & 0x1f));
  switch (first) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return at + 1;
    case 0xc4: // bin 8
    case 0xd9: // str 8
      return within(bytes, at + 2 + (length(bytes, at + 1, 1) ?? Number.POSITIVE_INFINITY));
    case 0xc5: // bin 16
    case 0xda: // str 16
      return within(bytes, at + 3 + (length(bytes, at + 1, 2) ?? Number.POSITIVE_INFINITY));
    case 0xcc: // uint 8
    case 0xd0: // int 8
      return within(bytes, at + 2);
    case 0xcd: // uint 16
    case 0xd1: // int 16
      return within(bytes, at + 3);
    case 0xca: // float 32
    case 0xce: // uint 32
    case 0xd2: // int 32
      return within(bytes, at + 5);
    case 0xcb: // float 64
    case 0xcf: // uint 64
    case 0xd3: // int 64
      return within(bytes, at + 9);
    case 0xd4: // fixext 1
      return extension(bytes, at, depth, records);
    case 0xdc: // array 16
      return items(bytes, at + 3, length(bytes, at + 1, 2), depth, records);
    case 0xde: // map 16
      return entries(bytes, at + 3, length(bytes, at + 1, 2), depth, records);
    default: // other extensions, and lengths that no frame of ours can hold
      return -1;
  }
}

function extension(bytes: Uint8Array, at: number, depth: number, records: Records): number {
  const [type, data] = [bytes[at + 1], bytes[at + 2]];
  if (type === 0 && data === 0) return at + 3;
  if (type !== 0x72 || data === undefined || data < 0x40 || data > 0x7f) return -1;
  const keys = bytes[at + 3];
  if (keys === undefined || keys < 0x90 || keys > 0x9f) return -1;
  const count = keys & 0x0f;
  let values = at + 4;
  for (let i = 0; i < count; i += 1) {
    values = keyEnd(bytes, values);
    if (values < 0) return -1;
  }
  records.set(data, count);
  return items(bytes, values, count, depth, records);
}

function within(bytes: Uint8Array, end: number): number {
  return end <= bytes.length ? end : -1;
}

function length(bytes: Uint8Array, at: number, size: 1 | 2): number | undefined {
  const high = bytes[at];
  if (size === 1 || high === undefined) return high;
  const low = bytes[at + 1];
  return low === undefined ? undefined : high * 256 + low;
}

function items(bytes: Uint8Array, start: number, count: number | undefined, depth: number, records: Records): number {
  // Every item takes a byte at least.
  if (count === undefined || count > bytes.length - start) return -1;
  let at = start;
  for (let i = 0; i < count; i += 1) {
    at = msgpackEnd(bytes, at, depth + 1, records);
    if (at < 0) return -1;
  }
  return at;
}

/** A map's. Keys that are no strings make the decoder throw. */
function entries(bytes: Uint8Array, start: number, count: number | undefined, depth: number, records: Records): number {
  if (count === undefined || count * 2 > bytes.length - start) return -1;
  let at = start;
  for (let i = 0; i < count; i += 1) {
    at = keyEnd(bytes, at);
    if (at >= 0) at = msgpackEnd(bytes, at, depth + 1, records);
    if (at < 0) return -1;
  }
  return at;
}

/** No name in a message of ours has 32 letters. */
function keyEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  return first === undefined || first < 0xa0 || first > 0xbf ? -1 : within(bytes, at + 1 + (first & 0x1f));
}
