/** Hints that the log may have grown. One may be lost, or come for nothing: who waits for it also looks by itself. */
export interface WakeUps {
  /** Never throws, never waits. */
  notify(): void;
  /** Answers what ends the subscription. */
  subscribe(listener: () => void): () => void;
}

/** Within one process. */
export function createLocalWakeUps(): WakeUps {
  const listeners = new Set<() => void>();
  return {
    notify() {
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      // A wrapper of its own, so that one function may subscribe twice.
      const own = () => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
