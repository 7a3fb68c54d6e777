import { type Answer, refusal } from "../domain/codes.ts";
import type { Aggregate } from "../domain/decider.ts";
import type { DomainEvent } from "../domain/envelope.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Envelope } from "./actor.ts";
import type { Actors } from "./actors.ts";
import { type AnyParty, type ColdEnvelope, type ColdServices, executeCold, party } from "./cold.ts";

/** A kind of aggregate that can be commanded, by the type of its main stream. */
export interface CommandKind<S, C, E extends DomainEvent> {
  readonly aggregate: Aggregate<S, C, E>;
  /** Those that run on this node; without them every command is done cold. */
  readonly actors?: Actors<S, C>;
  /**
   * What nobody runs is activated by a command, so that its deadlines are kept and the next command is quick. With `rests`, a
   * lasting command, that is a saga's, leaves it at rest: a saga that thanks ten thousand players need not wake them.
   */
  readonly rests?: boolean;
  /** The aggregate's id, from what callers name it by; default the same. */
  aggregateId?(name: string): string;
  /** Adds what the command needs of the world around: definitions of the catalogue. */
  fill?(command: C): C;
}

/** Other nodes of the same tenant, as far as they live. */
export interface Peers {
  /** Undefined: this node, or one that is gone. */
  find(nodeId: string): Promise<Peer | undefined>;
  /** Another node that runs actors, the least busy one; undefined: there is none. */
  host(): Promise<Peer | undefined>;
}

export interface Peer {
  /** Undefined: it cannot be reached, or does not run that aggregate (any more); nothing was done, or it is not known. */
  send(type: string, id: string, envelope: Envelope<unknown>, how?: Hosting): Promise<Answer | undefined>;
  /** A hint that somebody has written to an aggregate which it may run. */
  refresh(type: string, id: string, how?: Hosting): Promise<void>;
}

/** `activate`: whoever is asked is to run it, if nobody does. */
export interface Hosting {
  readonly activate: boolean;
}

/** Commands to whatever they are for, wherever it runs. `Map` names the commands of each kind. */
export interface Commands<Map> {
  /** Never rejects. The same answer for the same commandId, whoever executes it. */
  send<K extends keyof Map & string>(type: K, id: string, envelope: Envelope<Map[K]>): Promise<Answer>;
  /** Only if it runs here: what another node asks for. */
  sendHere(type: string, id: string, envelope: Envelope<unknown>, how?: Hosting): Promise<Answer | undefined>;
  /** Several aggregates in one commit, or none; wherever they run, they know at once. */
  together(parties: readonly TypedParty[], envelope: ColdEnvelope): Promise<Answer>;
  /** Resolves when it runs here, if it is to. */
  refreshHere(type: string, id: string, how?: Hosting): Promise<void>;
  /** Has whoever runs it, on whichever node, read the log again: something else than its events has changed. A hint; does not reject. */
  refresh<K extends keyof Map & string>(type: K, id: string): Promise<void>;
  /** Has it run, here or on a node that runs actors: its deadlines are to be kept from now on. Resolves when it does, or nobody can. */
  awaken<K extends keyof Map & string>(type: K, id: string): Promise<void>;
  /** A party to `together`: its command is made from its state as it is at that moment. */
  party<K extends keyof Map & string, S>(
    type: K,
    id: string,
    command: (state: S) => Map[K] | (Answer & { readonly ok: false }),
    options?: { readonly begin?: boolean; seen?(state: S): void },
  ): TypedParty;
}

export interface TypedParty extends AnyParty {
  readonly type: string;
}

type AnyKind = CommandKind<unknown, unknown, DomainEvent>;

/** Ways that are tried before the caller is told to ask again. */
const ROUTES = 3;

export interface CommandsServices extends ColdServices {
  readonly store: EventStore;
  readonly nodeId: string;
  readonly peers: Peers;
  /** Whether this node runs actors; default true. */
  readonly hosts?: boolean;
}

/** Gives a kind to `createCommands`, which keeps kinds of all types together. */
export function kindOf<S, C, E extends DomainEvent>(kind: CommandKind<S, C, E>): AnyKind {
  return kind as unknown as AnyKind;
}

export function createCommands<Map>(
  kinds: Readonly<Record<keyof Map & string, AnyKind>>,
  services: CommandsServices,
): Commands<Map> {
  const { store, telemetry, nodeId, peers, hosts = true } = services;

  function kindNamed(type: string): AnyKind | undefined {
    return Object.hasOwn(kinds, type) ? kinds[type as keyof Map & string] : undefined;
  }

  /** Not while it is drained either. */
  function runsHere({ draining }: { readonly draining: boolean }): boolean {
    return hosts && !draining;
  }

  function idOf(kind: AnyKind | undefined, name: string): string {
    return kind?.aggregateId?.(name) ?? name;
  }

  function cold(kind: AnyKind, id: string, { command, expectedVersion, ...rest }: Envelope<unknown>): Promise<Answer> {
    return executeCold(
      services,
      [party({ aggregate: kind.aggregate, id, command: () => command, expectedVersion })],
      rest,
    );
  }

  async function ownerOf(id: string): Promise<Peer | undefined> {
    const head = await store.head(id);
    const owner = head?.owner ?? nodeId;
    return owner === nodeId ? undefined : peers.find(owner);
  }

  /** An actor may lose its aggregate to another node while the command waits: then the way is looked for once more. */
  async function route(kind: AnyKind, type: string, id: string, envelope: Envelope<unknown>): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await once(kind, type, id, envelope);
      const lost = !answer.ok && answer.code === "UNAVAILABLE" && kind.actors?.running(id) === undefined;
      if (!lost || attempt === ROUTES) return answer;
    }
  }

  async function once(kind: AnyKind, type: string, id: string, envelope: Envelope<unknown>): Promise<Answer> {
    const { actors, rests } = kind;
    if (actors === undefined) return cold(kind, id, envelope);
    const here = actors.running(id);
    if (here !== undefined) return here.submit(envelope);
    let owner: Peer | undefined;
    try {
      owner = await ownerOf(id);
    } catch (error) {
      telemetry.fault("route", error);
      return refusal("UNAVAILABLE");
    }
    if (owner !== undefined) {
      const answer = await owner.send(type, id, envelope);
      if (answer !== undefined) return answer;
    }
    if (rests === true && envelope.lasting === true) return cold(kind, id, envelope);
    return runsHere(actors) ? actors.send(id, envelope) : elsewhere(kind, type, id, envelope);
  }

  /** On a node that runs no actors, or no more of them: some node that has them, or else without one. */
  async function elsewhere(kind: AnyKind, type: string, id: string, envelope: Envelope<unknown>): Promise<Answer> {
    const host = await findHost();
    return (await host?.send(type, id, envelope, { activate: true })) ?? cold(kind, id, envelope);
  }

  async function findHost(): Promise<Peer | undefined> {
    try {
      return await peers.host();
    } catch (error) {
      telemetry.fault("route", error);
      return undefined;
    }
  }

  async function refresh(type: string, id: string): Promise<void> {
    const { actors } = kindNamed(type) ?? {};
    if (actors === undefined) return;
    if (actors.running(id) !== undefined) return actors.refresh(id);
    try {
      await (await ownerOf(id))?.refresh(type, id);
    } catch (error) {
      telemetry.fault("refresh", error);
    }
  }

  return {
    refresh,

    async send(type, id, envelope) {
      const kind = kindNamed(type);
      if (kind === undefined) return refusal("NOT_FOUND");
      const command = kind.fill === undefined ? envelope.command : kind.fill(envelope.command);
      return route(kind, type, idOf(kind, id), { ...envelope, command });
    },

    async sendHere(type, id, envelope, { activate } = { activate: false }) {
      const { actors } = kindNamed(type) ?? {};
      if (actors === undefined) return undefined;
      return activate && runsHere(actors) ? actors.send(id, envelope) : actors.running(id)?.submit(envelope);
    },

    async together(parties, envelope) {
      const answer = await executeCold(services, parties, envelope);
      for (const { type, id } of parties) {
        // A hint: who misses it finds out with its next append.
        if (answer.ok) void refresh(type, id);
      }
      return answer;
    },

    async refreshHere(type, id, { activate } = { activate: false }) {
      const { actors } = kindNamed(type) ?? {};
      if (actors === undefined) return;
      if (activate && runsHere(actors)) await actors.get(id)?.ready();
      else actors.refresh(id);
    },

    async awaken(type, name) {
      const kind = kindNamed(type);
      const id = idOf(kind, name);
      if (kind?.actors !== undefined && runsHere(kind.actors)) kind.actors.get(id);
      // Waited for: whoever is told of it next looks for its owner. If nobody takes it, it is found among what nobody runs.
      else await (await findHost())?.refresh(type, id, { activate: true });
    },

    party(type, id, command, options = {}) {
      const kind = kinds[type];
      return {
        type,
        ...party({
          aggregate: kind.aggregate,
          id: idOf(kind, id),
          ...(options.begin === undefined ? {} : { begin: options.begin }),
          seen: (state) => options.seen?.(state as never),
          command(state) {
            const made = command(state as never);
            const refused = typeof made === "object" && made !== null && "ok" in made;
            return refused || kind.fill === undefined ? made : kind.fill(made);
          },
        }),
      };
    },
  };
}
