/**
 * PostgreSQL's binary array format. The text format needs every quote of every JSON document escaped and unescaped;
 * with 512 events a batch this encoder takes a quarter of the time of the text one, in Node and in the server.
 */
const OID = { uuid: 2950, int4: 23, int8: 20, text: 25, jsonb: 3802, timestamptz: 1184 } as const;

/** PostgreSQL counts microseconds from 2000-01-01. */
const EPOCH_OFFSET_MS = 946_684_800_000;
const JSONB_VERSION = 1;
const NULL_LENGTH = -1;

function header(oid: number, count: number, hasNull: boolean, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(20 + bytes);
  buffer.writeInt32BE(1, 0); // dimensions
  buffer.writeInt32BE(hasNull ? 1 : 0, 4);
  buffer.writeInt32BE(oid, 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16); // lower bound
  return buffer;
}

function emptyArray(oid: number): Buffer {
  const buffer = Buffer.alloc(12);
  buffer.writeInt32BE(oid, 8);
  return buffer;
}

export function uuidArray(values: readonly string[]): Buffer {
  if (values.length === 0) return emptyArray(OID.uuid);
  const buffer = header(OID.uuid, values.length, false, values.length * 20);
  let at = 20;
  for (const value of values) {
    at = buffer.writeInt32BE(16, at);
    const hex = value.replaceAll("-", "");
    if (hex.length !== 32 || buffer.write(hex, at, "hex") !== 16) throw new TypeError(`not a UUID: ${value}`);
    at += 16;
  }
  return buffer;
}

export function intArray(values: readonly number[]): Buffer {
  if (values.length === 0) return emptyArray(OID.int4);
  const buffer = header(OID.int4, values.length, false, values.length * 8);
  let at = 20;
  for (const value of values) {
    at = buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(value, at);
  }
  return buffer;
}

export function bigintArray(values: readonly (number | null)[]): Buffer {
  if (values.length === 0) return emptyArray(OID.int8);
  const buffer = header(OID.int8, values.length, values.includes(null), values.length * 12);
  let at = 20;
  for (const value of values) {
    if (value === null) {
      at = buffer.writeInt32BE(NULL_LENGTH, at);
    } else {
      at = buffer.writeInt32BE(8, at);
      at = buffer.writeBigInt64BE(BigInt(value), at);
    }
  }
  return buffer.subarray(0, at);
}

/** ISO 8601 times, to the millisecond. */
export function timestampArray(values: readonly string[]): Buffer {
  if (values.length === 0) return emptyArray(OID.timestamptz);
  const buffer = header(OID.timestamptz, values.length, false, values.length * 12);
  let at = 20;
  for (const value of values) {
    const ms = Date.parse(value);
    if (Number.isNaN(ms)) throw new TypeError(`not a time: ${value}`);
    at = buffer.writeInt32BE(8, at);
    at = buffer.writeBigInt64BE(BigInt((ms - EPOCH_OFFSET_MS) * 1000), at);
  }
  return buffer;
}

export function textArray(values: readonly string[]): Buffer {
  return variable(OID.text, values, "");
}

/** Documents already serialised. */
export function jsonbArray(values: readonly string[]): Buffer {
  return variable(OID.jsonb, values, String.fromCharCode(JSONB_VERSION));
}

function variable(oid: number, values: readonly string[], prefix: string): Buffer {
  if (values.length === 0) return emptyArray(oid);
  let bytes = 0;
  for (const value of values) bytes += 4 + (prefix.length + value.length) * 3; // UTF-8 needs at most 3 bytes a UTF-16 unit
  const buffer = header(oid, values.length, false, bytes);
  let at = 20;
  for (const value of values) {
    let length = prefix.length;
    if (prefix.length > 0) buffer.write(prefix, at + 4, "latin1");
    length += buffer.write(value, at + 4 + prefix.length, "utf8");
    buffer.writeInt32BE(length, at);
    at += 4 + length;
  }
  return buffer.subarray(0, at);
}
