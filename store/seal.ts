import { createCipheriv, createDecipheriv, randomFillSync } from "node:crypto";
import type { NewEvent, StoredEvent } from "../domain/envelope.ts";
import { erasedName, mapPersonal, type PersonalData, type PersonalField } from "../domain/personal.ts";
import type { AppendRequest, Snapshot } from "./event-store.ts";
import { ERASED, type SubjectKey, type SubjectKeys } from "./subject-keys.ts";

/**
 * `sealed:1:<subject>:<nonce, tag and text, base64url>`, AES-256-GCM under the subject's key. Authenticated with it: the event's id, or the
 * snapshot's aggregate, and the field's path; moved to another place it opens nowhere. Longer than any name may be.
 */
const SEALED = /^sealed:1:([0-9a-f-]{36}):([A-Za-z0-9_-]+)$/;
const PREFIX = "sealed:1:";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
/** Nonces drawn at once: of 16 µs for a name, the system's own drawing takes 8. */
const NONCES = 256;
const TAG_BYTES = 16;

/** A personal field whose owner is not known cannot be written: nobody's key would ever be destroyed for it. */
export class NobodysDataError extends Error {
  override readonly name = "NobodysDataError";
}

/** What is sealed cannot be opened: its key is not where the keys are, or it was moved or changed. Never the mark of an erasure. */
export class SealError extends Error {
  override readonly name = "SealError";
}

type Keys = ReadonlyMap<string, SubjectKey>;

/**
 * Seals personal data before they are written, and opens them when they are read. What somebody was who is erased is opened as
 * `erasedName` says, and written so too. Text that was written before there were keys is read as it is. Both reject with the
 * error of `SubjectKeys` where keys cannot be had.
 */
export interface Seal {
  /** Whether there is anything in it to seal: a look at its events' types. */
  concerns(request: AppendRequest): boolean;
  /** @throws NobodysDataError */
  request(request: AppendRequest): Promise<AppendRequest>;
  /** @throws NobodysDataError */
  snapshots(snapshots: readonly Snapshot[]): Promise<readonly Snapshot[]>;
  /** Of these events; payloads are as they were written, of whatever schema version. @throws SealError */
  openEvents(events: readonly StoredEvent[]): Promise<readonly StoredEvent[]>;
  /** A state out of memory as it may be told now: whoever has been erased meanwhile is named so. */
  current<S>(aggregateType: Snapshot["aggregateType"], state: S): Promise<S>;
  /** @throws SealError */
  openSnapshot(snapshot: Snapshot): Promise<Snapshot>;
}

export function createSeal(personal: PersonalData, keys: SubjectKeys): Seal {
  const ofType = new Map(Object.entries(personal.events));
  const sealedBefore: SealedBefore = new WeakMap();

  const isPersonal = ({ eventType, metadata }: NewEvent): boolean =>
    ofType.has(eventType) ||
    personal.metadata.some(({ field }) => metadata[field as keyof typeof metadata] !== undefined);

  /** An event with the personal fields of payload and metadata changed. */
  function mapEvent<E extends NewEvent>(event: E, change: Parameters<typeof mapPersonal>[2]): E {
    const payload = mapPersonal(event.payload, ofType.get(event.eventType) ?? [], change);
    const metadata = mapPersonal(event.metadata, personal.metadata, (text, subject, path, holder) =>
      change(text, subject, `metadata.${path}`, holder),
    ) as NewEvent["metadata"];
    return payload === event.payload && metadata === event.metadata ? event : { ...event, payload, metadata };
  }

  const mapState = (snapshot: Snapshot, change: Parameters<typeof mapPersonal>[2]): Snapshot => {
    const fields: readonly PersonalField[] = personal.states[snapshot.aggregateType] ?? [];
    const state = mapPersonal(snapshot.state, fields, change);
    return state === snapshot.state ? snapshot : { ...snapshot, state };
  };

  return {
    concerns: ({ streams }) => streams.some(({ events }) => events.some(isPersonal)),

    async request(request) {
      const subjects = new Set<string>();
      for (const { events } of request.streams)
        for (const event of events) if (isPersonal(event)) mapEvent(event, gathering(subjects));
      if (subjects.size === 0) return request;
      const found = await keys.ensure(subjects);
      const seal = (event: NewEvent) => (isPersonal(event) ? mapEvent(event, sealing(found, event.eventId)) : event);
      return {
        ...request,
        streams: request.streams.map((stream) => ({ ...stream, events: stream.events.map(seal) })),
      };
    },

    async snapshots(snapshots) {
      const subjects = new Set<string>();
      for (const snapshot of snapshots) mapState(snapshot, gathering(subjects));
      if (subjects.size === 0) return snapshots;
      const found = await keys.ensure(subjects);
      return snapshots.map((snapshot) => mapState(snapshot, sealing(found, snapshot.aggregateId, sealedBefore)));
    },

    async openEvents(events) {
      const subjects = new Set<string>();
      for (const event of events) if (isPersonal(event)) mapEvent(event, lookingFor(subjects));
      if (subjects.size === 0) return events;
      const found = await keys.find(subjects);
      return events.map((event) => (isPersonal(event) ? mapEvent(event, opening(found, event.eventId)) : event));
    },

    async current<S>(aggregateType: Snapshot["aggregateType"], state: S) {
      const fields = personal.states[aggregateType] ?? [];
      const subjects = new Set<string>();
      mapPersonal(state, fields, gathering(subjects));
      const found = await keys.find(subjects);
      return mapPersonal(state, fields, withoutErased(found)) as S;
    },

    async openSnapshot(snapshot) {
      const subjects = new Set<string>();
      mapState(snapshot, lookingFor(subjects));
      if (subjects.size === 0) return snapshot;
      return mapState(snapshot, opening(await keys.find(subjects), snapshot.aggregateId));
    },
  };
}

function subjectIn(subject: unknown, path: string): string {
  const id = typeof subject === "string" ? subject.toLowerCase() : "";
  if (!UUID.test(id)) throw new NobodysDataError(`${path} is personal, and it is not said whose it is`);
  return id;
}

function gathering(subjects: Set<string>) {
  return (text: string, subject: unknown, path: string): string => {
    subjects.add(subjectIn(subject, path));
    return text;
  };
}

function withoutErased(keys: Keys) {
  return (text: string, subject: unknown, path: string): string => {
    const id = subjectIn(subject, path);
    return keys.get(id) === ERASED ? erasedName(id) : text;
  };
}

function lookingFor(subjects: Set<string>) {
  return (text: string): string => {
    const subject = text.startsWith(PREFIX) ? SEALED.exec(text)?.[1] : undefined;
    if (subject !== undefined) subjects.add(subject);
    return text;
  };
}

/**
 * What was sealed of a state, by the object that it stands in: states share what did not change, so that the next snapshot of a book with
 * 10,000 orders seals those that are new. Lives as long as the state.
 */
type SealedBefore = WeakMap<object, { readonly place: string; readonly text: string }>;

function sealing(keys: Keys, within: string, before?: SealedBefore) {
  return (text: string, subject: unknown, path: string, holder: object): string => {
    const id = subjectIn(subject, path);
    const key = keys.get(id);
    if (key === undefined) throw new SealError(`there is no key of ${id}`);
    if (key === ERASED) return erasedName(id);
    const place = `${within}:${path}`;
    const known = before?.get(holder);
    if (known?.place === place) return known.text;
    const made = sealed(key, id, place, text);
    before?.set(holder, { place, text: made });
    return made;
  };
}

const nonces = Buffer.alloc(NONCES * NONCE_BYTES);
let nextNonce = NONCES;

/** Good until the next one is asked for. */
function newNonce(): Buffer {
  if (nextNonce === NONCES) {
    randomFillSync(nonces);
    nextNonce = 0;
  }
  nextNonce += 1;
  return nonces.subarray((nextNonce - 1) * NONCE_BYTES, nextNonce * NONCE_BYTES);
}

function sealed(key: Buffer, subject: string, place: string, text: string): string {
  const nonce = newNonce();
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return `${PREFIX}${subject}:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")}`;
}

function opening(keys: Keys, within: string) {
  return (text: string, _subject: unknown, path: string): string => {
    const [, id, base64] = (text.startsWith(PREFIX) && SEALED.exec(text)) || [];
    if (id === undefined || base64 === undefined) return text;
    const key = keys.get(id);
    if (key === undefined)
      throw new SealError(`there is no key of ${id}: these are not the keys that belong to these events`);
    if (key === ERASED) return erasedName(id);
    return opened(key, id, `${within}:${path}`, base64);
  };
}

function opened(key: Buffer, subject: string, place: string, base64: string): string {
  const bytes = Buffer.from(base64, "base64url");
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
  } catch (cause) {
    throw new SealError(`what was sealed of ${subject} at ${place} does not open`, { cause });
  }
}
