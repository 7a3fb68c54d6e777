import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID = /^[A-Za-z0-9_.-]{1,64}$/;

/** A subject's key as it is kept. */
export interface WrappedKey {
  readonly masterKeyId: string;
  /** Nonce, tag, and the key under the master key: 60 bytes. */
  readonly wrapped: Buffer;
}

/** What wraps the keys of persons. The newest one wraps, all of them unwrap; a wrapped key is good for its own subject alone. */
export interface MasterKeys {
  readonly newest: string;
  wrap(subject: string, key: Buffer): WrappedKey;
  /** @throws MasterKeyError when the master key is not among these, or is not the one that wrapped it */
  unwrap(subject: string, wrapped: WrappedKey): Buffer;
}

export class MasterKeyError extends Error {
  override readonly name = "MasterKeyError";
}

/**
 * @param text `id:key,…`, newest first; ids of letters, digits and `_.-`, keys of 32 bytes in base64
 * @throws MasterKeyError that says what is wrong, and nothing of a key
 */
export function readMasterKeys(text: string): MasterKeys {
  const keys = new Map<string, Buffer>();
  for (const entry of text.split(",")) {
    const [id = "", base64 = "", ...more] = entry.trim().split(":");
    if (!ID.test(id) || more.length > 0) throw new MasterKeyError("is no list of id:key, separated by commas");
    const key = Buffer.from(base64, "base64");
    if (key.length !== KEY_BYTES) throw new MasterKeyError(`key ${id} is not of ${KEY_BYTES} bytes in base64`);
    if (keys.has(id)) throw new MasterKeyError(`key ${id} is there twice`);
    keys.set(id, key);
  }
  const [newest = ""] = keys.keys();

  function keyOf(id: string): Buffer {
    const key = keys.get(id);
    if (key === undefined) throw new MasterKeyError(`master key ${id} is not among those of this node`);
    return key;
  }

  return {
    newest,

    wrap(subject, key) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, keyOf(newest), nonce).setAAD(Buffer.from(subject));
      const sealed = Buffer.concat([cipher.update(key), cipher.final()]);
      return { masterKeyId: newest, wrapped: Buffer.concat([nonce, cipher.getAuthTag(), sealed]) };
    },

    unwrap(subject, { masterKeyId, wrapped }) {
      const nonce = wrapped.subarray(0, NONCE_BYTES);
      const tag = wrapped.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      const decipher = createDecipheriv(CIPHER, keyOf(masterKeyId), nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(subject))
        .setAuthTag(tag);
      try {
        return Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
      } catch (cause) {
        throw new MasterKeyError(`master key ${masterKeyId} is not the one that wrapped the key of ${subject}`, {
          cause,
        });
      }
    },
  };
}
