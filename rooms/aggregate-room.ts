import {
  type AuthContext,
  type Client,
  ClientState,
  getMessageBytes,
  Protocol,
  Room,
  type Serializer,
  ServerError,
} from "@colyseus/core";
import type { Schema } from "@colyseus/schema";
import { z } from "zod";
import {
  type Answer,
  type AnsweredEvent,
  CLOSE_CODES,
  closeActionOf,
  REFUSALS,
  type RefusalCode,
  rateLimited,
  refusal,
} from "../domain/codes.ts";
import type { Commit } from "./actor.ts";
import type { Actors, Running } from "./actors.ts";
import { CopyingSerializer } from "./copying-serializer.ts";
import type { Entrance, SessionOf } from "./entrance.ts";
import { classifyFrame } from "./frames.ts";
import type { LimitClass, PlayerLimits } from "./limits.ts";
import { attachOutbox, type BacklogLimits } from "./outbox.ts";
import type { Authenticate, Principal } from "./principal.ts";
import { guardFrames, noteAddresses, voidSeats } from "./room-internals.ts";
import type { Presence } from "./session-mirror.ts";
import type { Telemetry } from "./telemetry.ts";
import { TokenBucket } from "./token-bucket.ts";
import { isStorable, NOT_STORABLE, wireId } from "./wire.ts";

/** What a kind of room adds to the base: how its aggregate is shown, and who may do what. */
export interface RoomKind<S, C, View extends Schema> {
  /** The room's name among the node's rooms, and in its metrics. */
  readonly name: string;
  /** The join option that names the aggregate, e.g. `combatId`. */
  readonly key: string;
  /** The aggregate's id where it is not the client's to name: whatever the option says, it is this one. */
  idFor?(who: Principal): string;
  /** The aggregate's id, from what clients name it by; default the same. */
  aggregateId?(name: string): string;
  /**
   * Where it takes more than an id to say what is shown, and no node owns it: what rooms are told apart by, from the join options; or why
   * this client has none.
   */
  find?(
    options: Readonly<Record<string, unknown>>,
    who: Principal,
  ): Promise<{ readonly name: string } | { readonly refused: RefusalCode }>;
  /** Why nobody, or not this client, may have a room for that id; asked before there is one. */
  refuseRoom?(id: string, who: Principal, options: Readonly<Record<string, unknown>>): RefusalCode | undefined;
  readonly actors: Pick<Actors<S, C>, "get" | "exists"> & Partial<Pick<Actors<S, C>, "draining">>;
  /** What its commands are limited as, beside being calls. */
  readonly limitedAs?: LimitClass;
  createView(): View;
  /** Brings the view from one durable state to the next; `before` is undefined for the first. */
  project(view: View, state: S, before: S | undefined): void;
  /** Why this client may not enter, or undefined. */
  refuseEntry(state: S, who: Principal): RefusalCode | undefined;
  /** The types of messages that it takes; any other is refused before anything looks at it. */
  readonly messages: readonly string[];
  /**
   * One session at a time: a newer one takes over, and the older is told. The session that the state knows, or null; a client
   * that comes back from a pause after another has come is refused.
   */
  sessionOf?(state: S): string | null;
  /** A client's message, without its commandId, as a command; undefined if it is none. */
  parse(message: unknown, who: Principal): C | undefined;
  /** Answers a message that is not a command to the room's own actor, or not to it alone; undefined: it is. */
  handle?(message: unknown, who: Principal, call: RoomCall): Promise<Answer> | Answer | undefined;
  /** What the aggregate is to be told of a client that has come. `session` is its session's id. */
  arrival?(state: S, who: Principal, session: string): C | undefined;
  /** What the aggregate is to be told of a client that has gone. */
  departure?(state: S, who: Principal, session: string): C | undefined;
  /** A client is in, until it is told that it has left. `session` is its session's id; `address`, where it connects from, is personal. */
  entered?(who: Principal, session: string, address: string | undefined): Presence | undefined;
  /** An event as clients may see it. */
  publish?(event: AnsweredEvent): AnsweredEvent;
}

/** A message that a room kind answers by itself. */
export interface RoomCall {
  /** What the room's aggregate is named by. */
  readonly id: string;
  readonly commandId: string;
  readonly sessionId: string;
  /** The options with which the client joined. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Sends to the clients for whom it holds; they are shown nothing that is not durable by this. */
  tell(type: string, message: unknown, to: (options: Readonly<Record<string, unknown>>) => boolean): void;
}

export interface RoomLimits {
  /** Commands a second and in a burst, for one connection; more is RATE_LIMITED. Defaults 20 and 40. */
  readonly commandsPerSecond?: number;
  readonly commandBurst?: number;
  /** Frames of any kind a second, for one connection; more ends it. Default 200, twice that in a burst. */
  readonly framesPerSecond?: number;
  /** Malformed frames after which a connection ends; default 10. */
  readonly strikes?: number;
  readonly backlog?: BacklogLimits;
}

export interface RoomServices {
  readonly authenticate: Authenticate;
  /** Left out, whoever has a valid token enters, and comes back with that alone. */
  readonly entrance?: Entrance | undefined;
  readonly telemetry: Telemetry;
  readonly limits?: RoomLimits;
  /** What a player may do over all connections; left out, only each connection is limited. */
  readonly players?: PlayerLimits | undefined;
}

/** Per connection. Not in `userData`: that is for games to use. */
interface Connection {
  readonly frames: TokenBucket;
  readonly commands: TokenBucket;
  readonly wantsEvents: boolean;
  readonly session: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly presence: Presence | undefined;
  /** Ends the watch for a ban. */
  readonly unwatch: (() => void) | undefined;
  strikes: number;
  /** It is ended for that; frames that are still on their way are no further flood. */
  isFlooding: boolean;
}

/** Who has been let in; with the session that it goes on with, if it came back. */
interface Entrant extends Principal {
  readonly session?: string;
  readonly of?: SessionOf;
}

const commandEnvelope = z.looseObject({ commandId: wireId, expectedVersion: z.int().min(0).optional() });
/** No timer of Colyseus' has anything to do here: patches go out after commits, and nothing else changes the state. */
const NEVER_MS = 2_147_483_647;

/**
 * A room is a door to an actor: it shows the durable state, and takes commands. It can go and come again at any time; the
 * actor lives on without it.
 */
export function createRoomClass<S, C, View extends Schema>(kind: RoomKind<S, C, View>, services: RoomServices) {
  const { telemetry, entrance, limits = {}, players } = services;
  // Who only watches begins anew wherever it comes to.
  const keepsSessions = entrance !== undefined && kind.find === undefined;
  const { measure } = telemetry;
  const { commandsPerSecond = 20, commandBurst = 40 } = limits;
  const joinsOf = (userId: string): number => players?.waitMs("join", userId) ?? 0;

  /** Colyseus gives the status to the caller of its matchmaking route, and the message to its SDK. */
  function refuse(code: RefusalCode): ServerError {
    measure?.joinRefused(kind.name, code);
    return new ServerError(REFUSALS[code].status, code);
  }
  /** A join may write to the log, and takes a place in a room. One that is refused has no connection that could be ended. */
  function tooManyJoins(userId: string | undefined): ServerError {
    if (userId !== undefined) players?.refused(userId);
    return refuse("RATE_LIMITED");
  }
  const aggregateId = (name: string): string => kind.aggregateId?.(name) ?? name;

  /** The id of what a client asks for; it stands in the options from now on, by which Colyseus looks for a room, and makes one. */
  function nameIn(options: Record<string, unknown>, who: Principal): string {
    const named = wireId.safeParse(kind.idFor?.(who) ?? options[kind.key]);
    if (!named.success) throw refuse("BAD_REQUEST");
    options[kind.key] = named.data;
    return named.data;
  }

  /** Whoever comes with a session needs no token that is still good: a fight may last longer than that. */
  async function returning(presented: unknown, known: Principal | undefined): Promise<Entrant> {
    // A flood of them is one client's, or one that guesses.
    if (joinsOf(known?.userId ?? String(presented).slice(0, 36)) > 0) throw tooManyJoins(known?.userId);
    const returned = (await entrance?.resume(presented)) ?? "SESSION_UNKNOWN";
    if (typeof returned === "string") throw refuse(returned);
    const { who, sessionId, of } = returned;
    if (known !== undefined && known.userId !== who.userId) throw refuse("SESSION_UNKNOWN");
    return { ...who, session: sessionId, of };
  }

  async function whoseSession(presented: unknown): Promise<Principal | undefined> {
    const returned = presented === undefined ? undefined : await entrance?.resume(presented);
    return typeof returned === "object" ? returned.who : undefined;
  }

  async function coming(known: Principal | undefined): Promise<Entrant> {
    if (known === undefined) throw refuse("UNAUTHORIZED");
    if (joinsOf(known.userId) > 0) throw tooManyJoins(known.userId);
    const refused = await entrance?.mayEnter(known.userId);
    if (refused !== undefined) throw refuse(refused);
    return known;
  }

  class AggregateRoom extends Room<{ state: View }> {
    static readonly messageTypes = kind.messages;
    override autoDispose = true;
    override patchRate = NEVER_MS;
    #actor: Running<S, C> | undefined;
    #name = "";
    #shown: S | undefined;
    #unwatch: (() => void) | undefined;
    #uncount: (() => void) | undefined;
    readonly #connections = new WeakMap<Client, Connection>();
    readonly #addresses = new WeakMap<Client, string>();

    /** Before any room is made or found: only a valid token, or a session, that asks for something that exists gets further. */
    static override async onAuth(token: string | undefined, options: unknown, _context: AuthContext): Promise<Entrant> {
      if (kind.actors.draining) throw refuse("DRAINING");
      const known = await services.authenticate(token);
      const presented = isRecord(options) ? options["sessionToken"] : undefined;
      // It is a secret, and options are kept, and may go to another node.
      if (isRecord(options)) delete options["sessionToken"];
      // Where sessions are not kept, what the client took for its token is Colyseus' own.
      const comesBack = keepsSessions && presented !== undefined;
      const entrant = comesBack ? await returning(presented, known) : await coming(known);
      if (!isRecord(options)) throw refuse("BAD_REQUEST");
      const found = await kind.find?.(options, entrant);
      if (found !== undefined) {
        if ("refused" in found) throw refuse(found.refused);
        options[kind.key] = found.name;
        return entrant;
      }
      const id = nameIn(options, entrant);
      const { of } = entrant;
      if (of !== undefined && (of.room !== kind.name || of.id !== id)) throw refuse("SESSION_UNKNOWN");
      const problem = kind.refuseRoom?.(id, entrant, options);
      if (problem !== undefined) throw refuse(problem);
      if (!(await kind.actors.exists(aggregateId(id)))) throw refuse("NOT_FOUND");
      return entrant;
    }

    /** The aggregate that a join is for; undefined: `onAuth` will say what is wrong with it. */
    static async aggregateOf(
      token: string | undefined,
      options: Readonly<Record<string, unknown>>,
    ): Promise<string | undefined> {
      if (kind.find !== undefined) return undefined;
      const who = (await services.authenticate(token)) ?? (await whoseSession(options["sessionToken"]));
      const named = who && wireId.safeParse(kind.idFor?.(who) ?? options[kind.key]);
      return named?.success ? aggregateId(named.data) : undefined;
    }

    override messages = {
      command: (client: Client, message: unknown): Promise<Answer> | Answer => this.#command(client, message),
    };

    override onCreate(options: Record<string, unknown>): void {
      this.#name = String(options[kind.key]);
      this.#actor = kind.actors.get(aggregateId(this.#name));
      if (this.#actor === undefined) throw refuse("UNAVAILABLE");
      this.state = kind.createView();
      this.#unwatch = this.#actor.watch({
        onCommit: (commit) => this.#show(commit),
        onStop: () => this.#close(),
      });
      this.#uncount = measure?.opened(kind.name, () => this.clients.length);
      guardFrames(this, (client, frame) => this.#admit(client, frame), telemetry);
      if (kind.entered !== undefined) noteAddresses(this, this.#addresses);
    }

    override async onJoin(client: Client, options: Record<string, unknown>): Promise<void> {
      const actor = this.#actor;
      const who = client.auth as Entrant;
      // There is one, or nobody had come this far: it has been given up before it was loaded.
      if (actor === undefined || !(await actor.ready())) throw refuse("UNAVAILABLE");
      const session = who.session ?? crypto.randomUUID();
      const problem = kind.refuseEntry(actor.state, who) ?? this.#refuseReturn(who);
      if (problem !== undefined) throw refuse(problem);
      const now = Date.now();
      const frames = limits.framesPerSecond ?? 200;
      this.#connections.set(client, {
        frames: new TokenBucket({ perSecond: frames, burst: frames * 2 }, now),
        commands: new TokenBucket({ perSecond: commandsPerSecond, burst: commandBurst }, now),
        wantsEvents: options["events"] === true,
        session,
        options,
        presence: kind.entered?.(who, session, this.#addresses.get(client)),
        unwatch: entrance?.watch(who.userId, () => {
          measure?.cut(kind.name, "banned");
          client.leave(CLOSE_CODES.BANNED, "this player is shut out");
        }),
        strikes: 0,
        isFlooding: false,
      });
      if (kind.sessionOf !== undefined) this.#takeOver(client);
      attachOutbox(client, limits.backlog ?? {}, () => {
        telemetry.refused("RESYNC");
        measure?.cut(kind.name, "slow");
      });
      if (this.#shown === undefined) this.#show({ state: actor.state, version: actor.version, events: [] });
      const arrival = kind.arrival?.(actor.state, who, session);
      const [, noted] = await Promise.all([
        who.session === undefined ? this.#begin(client, session) : undefined,
        arrival && actor.submit({ commandId: crypto.randomUUID(), command: arrival, userId: who.userId }),
      ]);
      if (noted?.ok === false && noted.retryable) throw refuse("UNAVAILABLE");
    }

    /** The token goes where Colyseus has one of its own, in the frame that says that the join is done: who has joined has it. */
    async #begin(client: Client, session: string): Promise<void> {
      if (!keepsSessions) return;
      try {
        client.reconnectionToken = await entrance.open(session, client.auth as Entrant, {
          room: kind.name,
          id: this.#name,
        });
      } catch (error) {
        telemetry.fault("session", error);
        throw refuse("UNAVAILABLE");
      }
    }

    override async onLeave(client: Client, code?: number): Promise<void> {
      const [actor, connection] = [this.#actor, this.#connections.get(client)];
      connection?.presence?.left();
      connection?.unwatch?.();
      if (connection !== undefined && closeActionOf(code ?? 0) === "final") this.#end(client, connection.session);
      if (actor === undefined || connection === undefined || kind.departure === undefined) return;
      const { userId } = client.auth as Principal;
      const command = kind.departure(actor.state, client.auth as Principal, connection.session);
      if (command !== undefined) await actor.submit({ commandId: crypto.randomUUID(), command, userId });
    }

    /** A session ends with its connection, unless it goes on over a newer one, which has taken the place of this one. */
    #end(client: Client, session: string): void {
      const goesOn = this.clients.some((one) => one !== client && this.#connections.get(one)?.session === session);
      if (!goesOn) entrance?.end(session);
    }

    /** Who returns from a pause finds its place taken if a newer session has come meanwhile. */
    #refuseReturn({ session }: Entrant): RefusalCode | undefined {
      const state = this.#actor?.state;
      if (kind.sessionOf === undefined || state === undefined || session === undefined) return undefined;
      const known = kind.sessionOf(state);
      return known === null || known === session ? undefined : "SESSION_REPLACED";
    }

    #takeOver(client: Client): void {
      for (const other of [...this.clients]) {
        if (other === client || !this.#connections.has(other)) continue;
        measure?.cut(kind.name, "replaced");
        other.leave(CLOSE_CODES.TAKEN_OVER, "a newer session has taken over");
      }
    }

    override disconnect(closeCode?: number): Promise<unknown> {
      voidSeats(this);
      return super.disconnect(closeCode);
    }

    override onDispose(): void {
      this.#unwatch?.();
      this.#uncount?.();
    }

    override onUncaughtException(error: Error, method: string): void {
      if (!(error.cause instanceof ServerError)) telemetry.fault(`room ${method}`, error);
    }

    /** Every serializer that Colyseus would set is replaced by the one that copies. */
    override setSerializer(_serializer: Serializer<View>): void {
      super.setSerializer(new CopyingSerializer<View>((bytes, clients) => measure?.patched(kind.name, bytes, clients)));
    }

    /** Not at once: answers already given are still on their way through promises, and a leaving client is sent nothing. */
    #close(): void {
      setImmediate(() => {
        Promise.resolve()
          .then(() => this.disconnect(CLOSE_CODES.COME_AGAIN))
          .catch((error: unknown) => telemetry.fault("disconnect", error));
      });
    }

    #show({ state, version, events }: Commit<S>): void {
      kind.project(this.state, state, this.#shown);
      this.#shown = state;
      this.broadcastPatch();
      if (events.length === 0) return;
      let message: Uint8Array | undefined;
      for (const client of this.clients) {
        // Colyseus keeps without limit what is sent to a client that never confirms its join.
        if (client.state !== ClientState.JOINED || this.#connections.get(client)?.wantsEvents !== true) continue;
        const published = (): readonly AnsweredEvent[] =>
          kind.publish === undefined ? events : events.map(kind.publish);
        message ??= getMessageBytes.raw(Protocol.ROOM_DATA, "events", { version, events: published() });
        client.raw(message);
      }
    }

    /** Whether Colyseus may see this frame. */
    #admit(client: Client, frame: Uint8Array): boolean {
      const connection = this.#connections.get(client);
      if (connection === undefined) return true;
      if (connection.frames.waitMs(Date.now()) > 0) {
        if (!connection.isFlooding) players?.flooded((client.auth as Principal).userId);
        this.#flood(client, connection);
        return false;
      }
      const problem = problemWith(frame, client);
      if (problem === undefined) return true;
      telemetry.refused(problem);
      connection.strikes += 1;
      if (connection.strikes >= (limits.strikes ?? 10)) {
        measure?.cut(kind.name, "malformed");
        client.leave(CLOSE_CODES.WITH_ERROR, "too many malformed messages");
      } else client.error(REFUSALS[problem].status, problem);
      return false;
    }

    #flood(client: Client, connection: Connection): void {
      connection.isFlooding = true;
      telemetry.refused("FLOOD");
      measure?.cut(kind.name, "flood");
      client.leave(CLOSE_CODES.FLOOD, "too many messages");
    }

    /** ms until one more command fits: by the connection's own limit, then by its player's over all of them. */
    #waitMs(connection: Connection | undefined, { userId }: Principal): number {
      const wait = connection?.commands.waitMs(Date.now()) || players?.waitMs("call", userId) || 0;
      return wait > 0 || kind.limitedAs === undefined ? wait : (players?.waitMs(kind.limitedAs, userId) ?? 0);
    }

    #command(client: Client, message: unknown): Promise<Answer> | Answer {
      const who = client.auth as Principal;
      const envelope = commandEnvelope.safeParse(message);
      const refused = (code: RefusalCode, text?: string): Answer => {
        telemetry.refused(code);
        return refusal(code, text);
      };
      if (!envelope.success) return refused("BAD_REQUEST", "a command needs a commandId, a UUID");
      if (!isStorable(message)) return refused("BAD_REQUEST", NOT_STORABLE);
      const connection = this.#connections.get(client);
      const wait = this.#waitMs(connection, who);
      if (wait > 0) {
        if (players?.refused(who.userId) && connection !== undefined) this.#flood(client, connection);
        telemetry.refused("RATE_LIMITED");
        return rateLimited(wait);
      }
      connection?.presence?.active();
      const { commandId, expectedVersion, [kind.key]: target, ...rest } = envelope.data;
      if (target !== undefined && wireId.safeParse(target).data !== this.#name)
        return refused("FORBIDDEN", "this command is for another room");
      if (!kind.messages.includes(String(rest["type"])))
        return refused("BAD_REQUEST", "no such command, or not of its form");
      const call: RoomCall = {
        id: this.#name,
        commandId,
        sessionId: client.sessionId,
        options: connection?.options ?? {},
        tell: (type, told, to) => this.#tell(type, told, to),
      };
      const handled = kind.handle?.(rest, who, call);
      if (handled !== undefined) return handled;
      const command = kind.parse(rest, who);
      if (command === undefined) return refused("BAD_REQUEST", "no such command, or not of its form");
      const answer = this.#actor?.submit({
        commandId,
        command,
        expectedVersion,
        userId: who.userId,
        sessionId: client.sessionId,
      });
      return answer === undefined ? refused("UNAVAILABLE") : answer.then((given) => this.#publishAnswer(given));
    }

    #tell(type: string, message: unknown, to: (options: Readonly<Record<string, unknown>>) => boolean): void {
      for (const client of this.clients) {
        const connection = this.#connections.get(client);
        if (client.state === ClientState.JOINED && connection !== undefined && to(connection.options))
          client.send(type, message);
      }
    }

    #publishAnswer(answer: Answer): Answer {
      if (!answer.ok || kind.publish === undefined) return answer;
      return { ...answer, events: answer.events.map(kind.publish) };
    }
  }

  return AggregateRoom;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Why Colyseus may not see this frame; undefined if it may. */
function problemWith(frame: Uint8Array, client: Client): RefusalCode | undefined {
  switch (classifyFrame(frame)) {
    case "control":
      return undefined;
    case "command":
      // Its answer would be kept, without limit, until the client confirms its join.
      return client.state === ClientState.JOINED ? undefined : "BAD_REQUEST";
    case "malformed":
      return "BAD_REQUEST";
    case "oversized":
      return "TOO_LARGE";
  }
}
