import { createHmac } from "node:crypto";

/** Hides what tells who somebody is, for keys that others can read. The secret is not used as it is: what it signs elsewhere must not be made here. */
export function createDisguise(secret: string, purpose: string): (text: string) => string {
  const key = createHmac("sha256", secret).update(purpose).digest();
  return (text) => createHmac("sha256", key).update(text).digest("base64url").slice(0, 22);
}
