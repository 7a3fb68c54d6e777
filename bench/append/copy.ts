import pg from "pg";
import type { Row } from "./ceiling.ts";

interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** COPY FROM STDIN with all its data at hand: one chunk, then the end. */
class CopyQuery extends pg.Query {
  readonly #data: Buffer;
  constructor(text: string, data: Buffer, done: (error: Error | null) => void) {
    super(text, undefined, done as never);
    this.#data = data;
  }
  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.#data);
    connection.endCopyFrom();
  }
}

export function copyIn(client: pg.Client, text: string, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyQuery(text, data, (error) => (error ? reject(error) : resolve())));
  });
}

const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const EPOCH_OFFSET_MS = 946_684_800_000;
const COLUMNS = 8;

/** The rows in COPY's binary format, columns as in ceiling.ts. */
export function copyRows(rows: readonly Row[]): Buffer {
  let size = SIGNATURE.length + 2;
  for (const row of rows) size += 200 + 3 * (row.eventType.length + row.payload.length + row.metadata.length);
  const buffer = Buffer.allocUnsafe(size);
  let at = SIGNATURE.copy(buffer);
  const text = (value: string, prefix = "") => {
    const length = buffer.write(prefix + value, at + 4, "utf8");
    at = buffer.writeInt32BE(length, at) + length;
  };
  const uuid = (value: string) => {
    at = buffer.writeInt32BE(16, at);
    at += buffer.write(value.replaceAll("-", ""), at, "hex");
  };
  for (const row of rows) {
    at = buffer.writeInt16BE(COLUMNS, at);
    uuid(row.eventId);
    text(row.eventType);
    at = buffer.writeInt32BE(8, at);
    at = buffer.writeBigInt64BE(BigInt((Date.parse(row.timestamp) - EPOCH_OFFSET_MS) * 1_000), at);
    uuid(row.aggregateId);
    text("Combat");
    at = buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(row.version, at);
    text(row.payload, "\x01");
    text(row.metadata, "\x01");
  }
  at = buffer.writeInt16BE(-1, at);
  return buffer.subarray(0, at);
}
