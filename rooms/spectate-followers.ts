import { type Answer, refusal } from "../domain/codes.ts";
import { createFollower, type Follower, type FollowerServices } from "./spectate-follower.ts";
import { type ReplayCommand, type Watch, watchNamed } from "./spectate-watch.ts";

/** The followers of a node, by the names of what they show: one for all who watch the same, for as long as somebody does. */
export interface Followers {
  /** Undefined while the node drains. */
  get(name: string): Follower | undefined;
  exists(name: string): Promise<boolean>;
  /** A replay's; `UNAVAILABLE` if it is not there any more. */
  control(name: string, command: ReplayCommand): Promise<Answer>;
  shown(): Iterable<Watch>;
  close(): void;
}

export function createFollowers(services: FollowerServices): Followers {
  const running = new Map<string, Follower>();
  let closed = false;

  return {
    get(name) {
      const known = running.get(name);
      if (known !== undefined || closed) return known;
      const follower = createFollower(name, watchNamed(name), services, () => running.delete(name));
      running.set(name, follower);
      return follower;
    },
    exists: async (name) => (await services.store.head(watchNamed(name).combatId)) !== undefined,
    control: async (name, command) => running.get(name)?.control(command) ?? refusal("UNAVAILABLE"),
    *shown() {
      for (const { shows } of running.values()) yield shows;
    },
    close() {
      closed = true;
      for (const follower of [...running.values()]) follower.stop();
    },
  };
}
