import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import type { SessionEvents } from "../../client/client.ts";
import type { Answer } from "../../domain/codes.ts";

/** What a command or a state is about. `id` as clients name it: a book's is its item's. */
export interface Subject {
  readonly type: "Combat" | "Joueur" | "Economy";
  readonly id: string;
}

/** `session`: of which it is told; a client may have several, also of one subject. */
interface Seen {
  readonly subject: Subject;
  readonly session: string;
}

/** One thing that a client did or saw; `at` in ms since 1970. */
export type Entry = { readonly at: number } & (
  | {
      readonly kind: "sent";
      readonly commandId: string;
      readonly subject: Subject;
      readonly message: { readonly type: string };
    }
  | { readonly kind: "answered"; readonly commandId: string; readonly answer: Answer }
  | (Seen & { readonly kind: "state"; readonly state: { readonly version: number } })
  | (Seen & SessionEvents & { readonly kind: "events" })
  | (Seen & { readonly kind: "status"; readonly status: string; readonly reason: string })
);

type Without<T> = T extends unknown ? Omit<T, "at"> : never;

/** A client's diary, kept in a file: what it says does not depend on what anybody remembers. */
export interface Journal {
  write(entry: Without<Entry>): void;
  close(): Promise<void>;
}

export function createJournal(file: string, onEntry: (entry: Entry) => void): Journal {
  const out = createWriteStream(file, { flags: "a" });
  return {
    write(entry) {
      const dated = { ...entry, at: Date.now() } as Entry;
      out.write(`${JSON.stringify(dated)}\n`);
      onEntry(dated);
    },
    close: () => new Promise((resolve, reject) => out.once("error", reject).end(() => resolve())),
  };
}

export async function readJournal(file: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) entries.push(JSON.parse(line) as Entry);
  return entries;
}
