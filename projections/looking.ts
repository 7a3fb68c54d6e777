/** Work that is done again and again, once at a time: when something may have happened, and every so often in any case. */
export interface Looking {
  /** Something has happened: it is looked at in a moment, together with what comes meanwhile. */
  soon(): void;
  /** Resolves once it has been done from here on. Never rejects. */
  now(): Promise<void>;
  close(): Promise<void>;
}

/** ms, in which what happens is gathered. */
const SOON_MS = 20;

export function createLooking(
  work: () => Promise<void>,
  { everyMs, onFault }: { readonly everyMs: number; readonly onFault: (error: unknown) => void },
): Looking {
  let working: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let soon: NodeJS.Timeout | undefined;
  let closed = false;

  function begin(): Promise<void> {
    working = (closed ? Promise.resolve() : work()).catch(onFault).finally(() => {
      working = undefined;
    });
    return working;
  }

  /** What is under way may have looked already where something has changed since: another one follows. */
  function now(): Promise<void> {
    if (working === undefined) return begin();
    next ??= working.then(() => {
      next = undefined;
      return begin();
    });
    return next;
  }

  const looking = setInterval(() => {
    if (working === undefined) void begin();
  }, everyMs);
  void begin();

  return {
    soon() {
      soon ??= setTimeout(() => {
        soon = undefined;
        void now();
      }, SOON_MS);
    },
    now,
    async close() {
      closed = true;
      clearInterval(looking);
      clearTimeout(soon);
      await (next ?? working);
    },
  };
}
