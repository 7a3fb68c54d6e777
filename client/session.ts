import type { Client, Room } from "@colyseus/sdk";
import { v7 as uuidv7 } from "uuid";
import { type Answer, type AnsweredEvent, closeActionOf } from "../domain/codes.ts";
import { retryDelay, sleep, within } from "./retry.ts";

/** connected: commands go out. resuming: the room is gone, and looked for; commands wait. closed: for good. */
export type SessionStatus = "connected" | "resuming" | "closed";

export interface CommandOptions {
  /** Give the same id to ask for the same command again; default a new one. */
  readonly commandId?: string;
  /** Refuse the command if the aggregate is no longer at this version. */
  readonly expectedVersion?: number;
  /** ms after which the session stops asking; default 60,000. */
  readonly giveUpAfterMs?: number;
}

export interface SessionEvents {
  readonly version: number;
  readonly events: readonly AnsweredEvent[];
}

/** One attempt to get an answer, ms; a longer silence is taken for a loss, and the command sent again. */
const ANSWER_TIMEOUT_MS = 5_000;
/** A network that takes and returns nothing must not hold up a join or a leave for longer, ms. */
const JOIN_TIMEOUT_MS = 5_000;
const LEAVE_TIMEOUT_MS = 1_000;
/** HTTP statuses of a join that will not become better by asking again. */
const FINAL_JOIN_STATUSES: readonly number[] = [400, 401, 403, 404, 409];
/** A join may do elsewhere or later: the node drains or its stores are away; or Colyseus says that the room or the seat is gone. */
const LATER_STATUSES: readonly number[] = [503, 522, 524];
/** HTTP status of a join that came too early, and ms after which there is room for one more. */
const TOO_MANY = 429;
const ONE_MORE_JOIN_MS = 1_000;
/** Below are HTTP statuses and Colyseus' own codes. */
const LEAST_CLOSE_CODE = 1_000;
/** Commits that are kept for the first who listens to events: the newest, so that nobody who asks and never listens fills the memory. */
const EARLY_AT_MOST = 1_000;
/** How often a first join is tried: a room that has just moved, or a node that drains, is no error of the caller's. */
const FIRST_JOIN_TRIES = 5;

/** Of a join; of a later one, knowing the state that was shown last. */
export type SessionOptions<State> =
  | Readonly<Record<string, unknown>>
  | ((last: State | undefined) => Readonly<Record<string, unknown>>);

class ClosedEarlyError extends Error {
  override readonly name = "ClosedEarlyError";
  /** The close code. */
  readonly code: number;

  constructor(code: number) {
    super(`the room closed before it showed its state: ${code}`);
    this.code = code;
  }
}

/** An HTTP status or a close code; 0: neither. */
function codeOf(error: unknown): number {
  return error instanceof Error && "code" in error ? Number(error.code) : 0;
}

function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return LATER_STATUSES.includes(code) || (code >= LEAST_CLOSE_CODE && closeActionOf(code) !== "final");
}

/**
 * One aggregate's room, seen from a client, whatever becomes of the room: a lost connection, a restarted server or a room
 * that moved is a pause. Commands carry an id and are sent until they are answered, each done once however often it is sent.
 */
export class Session<State, Command extends object> {
  readonly #client: Client;
  readonly #roomName: string;
  readonly #options: SessionOptions<State>;
  readonly #heartbeatMs: number;
  /** Given by the server with the first join: with it this session comes back, to any node, also when its access token has run out. */
  #token: string | undefined;
  readonly #stateListeners = new Set<(state: State) => void>();
  readonly #eventListeners = new Set<(events: SessionEvents) => void>();
  /** Told before anybody listened to events; undefined: somebody has. */
  #early: SessionEvents[] | undefined = [];
  readonly #messageListeners = new Map<string, Set<(message: unknown) => void>>();
  readonly #statusListeners = new Set<(status: SessionStatus, reason: string) => void>();
  /** When the last of the commands that came too early is sent again, ms since the epoch. */
  #nextTurn = 0;
  #room: Room | undefined;
  #status: SessionStatus = "resuming";
  #state: State | undefined;
  /** Resolved when the session is connected again, or closed. */
  #settled = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();

  private constructor(client: Client, roomName: string, options: SessionOptions<State>, heartbeatMs: number) {
    this.#client = client;
    this.#roomName = roomName;
    this.#options = options;
    this.#heartbeatMs = heartbeatMs;
  }

  /**
   * Tries again, for a few seconds at most, where the server says that it will do elsewhere or in a moment.
   * @throws the server's refusal, e.g. a MatchMakeError with code 403 or 404; what the network says, where there is no server
   */
  static async join<State, Command extends object>(
    client: Client,
    roomName: string,
    options: SessionOptions<State>,
    heartbeatMs: number,
  ): Promise<Session<State, Command>> {
    const session = new Session<State, Command>(client, roomName, options, heartbeatMs);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await session.#join();
        return session;
      } catch (error) {
        if (attempt === FIRST_JOIN_TRIES || !isPassing(error)) throw error;
        const least = codeOf(error) === TOO_MANY ? ONE_MORE_JOIN_MS : 0;
        await sleep(Math.max(retryDelay(attempt), least));
      }
    }
  }

  get status(): SessionStatus {
    return this.#status;
  }

  /** The last state that the server has shown; plain data, never changed afterwards. */
  get state(): State {
    if (this.#state === undefined) throw new Error("the session has no state yet");
    return this.#state;
  }

  /** Called with each new state. Returns what ends it, as do the others. */
  onState(listener: (state: State) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  /**
   * Called with what each commit added; needs the join option `events: true`. The first listener is called with all that came after the
   * join's state, of commits the newest 1,000, however late it comes. What happened during a pause is not repeated.
   */
  onEvents(listener: (events: SessionEvents) => void): () => void {
    this.#eventListeners.add(listener);
    // Not before its caller has what ends it.
    if (this.#early !== undefined) queueMicrotask(() => this.#tellEarly());
    return () => this.#eventListeners.delete(listener);
  }

  /** Called with what the room tells beside its state, e.g. a line of chat. What was told during a pause is not repeated. */
  onMessage<Message>(type: string, listener: (message: Message) => void): () => void {
    const listeners = this.#messageListeners.get(type) ?? new Set();
    this.#messageListeners.set(type, listeners);
    const own = (message: unknown): void => listener(message as Message);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  onStatus(listener: (status: SessionStatus, reason: string) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  /** Resolves when `test` holds for the state; rejects when the session closes before. */
  until(test: (state: State) => boolean): Promise<State> {
    return new Promise((resolve, reject) => {
      if (this.#state !== undefined && test(this.#state)) {
        resolve(this.#state);
        return;
      }
      const endState = this.onState((state) => {
        if (!test(state)) return;
        end();
        resolve(state);
      });
      const endStatus = this.onStatus((status, reason) => {
        if (status !== "closed") return;
        end();
        reject(new Error(`the session was closed: ${reason}`));
      });
      const end = (): void => {
        endState();
        endStatus();
      };
    });
  }

  /**
   * Resolves with the server's answer, once. After `giveUpAfterMs`, or when the session is closed, with the code
   * `UNANSWERED`: the command may have been done or not; asking again with the same commandId tells.
   */
  async command(command: Command, options: CommandOptions = {}): Promise<Answer> {
    const { commandId = uuidv7(), expectedVersion, giveUpAfterMs = 60_000 } = options;
    const message = { ...command, commandId, ...(expectedVersion === undefined ? {} : { expectedVersion }) };
    const deadline = Date.now() + giveUpAfterMs;
    for (let attempt = 0; this.#status !== "closed" && Date.now() < deadline; attempt += 1) {
      if (this.#status === "resuming") {
        await within(this.#settled.promise, deadline - Date.now());
        continue;
      }
      const answer = await this.#ask(message, Math.min(ANSWER_TIMEOUT_MS, deadline - Date.now()));
      if (answer !== undefined && (answer.ok || !answer.retryable)) return answer;
      const delay = Math.max(retryDelay(attempt), this.#turn(answer));
      await within(this.#closed.promise, Math.max(0, Math.min(delay, deadline - Date.now())));
    }
    return {
      ok: false,
      code: "UNANSWERED",
      message: "no answer was had; ask again with the same commandId",
      retryable: true,
    };
  }

  async leave(): Promise<void> {
    if (this.#status === "closed") return;
    const room = this.#room;
    this.#close("left");
    if (room?.connection.isOpen) await within(room.leave(true), LEAVE_TIMEOUT_MS);
  }

  #tell(events: SessionEvents): void {
    if (this.#early === undefined) {
      for (const listener of this.#eventListeners) listener(events);
    } else if (this.#early.push(events) > EARLY_AT_MOST) this.#early.shift();
  }

  #tellEarly(): void {
    const early = this.#early;
    if (early === undefined || this.#eventListeners.size === 0) return;
    this.#early = undefined;
    for (const events of early) {
      if (this.#status === "closed") return;
      this.#tell(events);
    }
  }

  /** ms after which to send a command again that came too early: of several, one after the other. */
  #turn(answer: Answer | undefined): number {
    if (answer === undefined || answer.ok || answer.retryAfterMs === undefined) return 0;
    const now = Date.now();
    this.#nextTurn = Math.max(this.#nextTurn, now) + answer.retryAfterMs;
    return this.#nextTurn - now;
  }

  async #ask(message: object, timeout: number): Promise<Answer | undefined> {
    try {
      return await this.#room?.request("command", message, { timeout });
    } catch {
      // No answer in time, or the connection went: the command is sent again, and its id keeps it from being done twice.
      return undefined;
    }
  }

  async #join(): Promise<void> {
    const joining = this.#client.joinOrCreate<State>(this.#roomName, {
      ...(typeof this.#options === "function" ? this.#options(this.#state) : this.#options),
      ...(this.#token !== undefined && { sessionToken: this.#token }),
    });
    const room = await within(joining, JOIN_TIMEOUT_MS);
    if (room === undefined) {
      // Nobody waits for it any more: if it still succeeds it is left, and if not, its refusal says nothing new.
      joining.then(
        // Not a word of leaving: that would end the session, which goes on elsewhere.
        (late) => void late.connection.close(),
        () => undefined,
      );
      throw new Error("the join was not answered in time");
    }
    if (this.#status === "closed") {
      void room.leave(true);
      return;
    }
    this.#room = room;
    // It stands where Colyseus has a token of its own, after the room's id.
    this.#token ??= room.reconnectionToken.slice(room.roomId.length + 1);
    // Its tokens live in the memory of a room that may be gone: joining anew works whether it is or not.
    room.reconnection.enabled = false;
    room.onLeave((code, reason) => this.#left(room, code, reason ?? ""));
    room.onMessage("*", (type: string | number, message: unknown) => {
      if (room !== this.#room) return;
      for (const listener of this.#messageListeners.get(String(type)) ?? []) listener(message);
    });
    room.onMessage("events", (events: SessionEvents) => {
      if (room === this.#room) this.#tell(events);
    });
    const first = Promise.withResolvers<void>();
    room.onStateChange((state) => {
      if (room !== this.#room) return;
      this.#state = (state as { toJSON(): State }).toJSON();
      first.resolve();
      for (const listener of this.#stateListeners) listener(this.#state);
    });
    room.onLeave((code) => first.reject(new ClosedEarlyError(code)));
    if (
      (await within(
        first.promise.then(() => true),
        JOIN_TIMEOUT_MS,
      )) === undefined
    ) {
      room.connection.close();
      throw new Error("the room did not show its state in time");
    }
    this.#setStatus("connected", "joined");
    this.#settled.resolve();
    this.#watch(room);
  }

  /** A connection can end without a word to either side. What has not answered a ping by the next one is gone. */
  #watch(room: Room): void {
    let answered = true;
    const timer = setInterval(() => {
      if (room !== this.#room) clearInterval(timer);
      else if (answered) {
        answered = false;
        room.ping(() => {
          answered = true;
        });
      } else {
        this.#left(room, 1006, "the server is silent");
        room.connection.close();
      }
    }, this.#heartbeatMs);
    room.onLeave(() => clearInterval(timer));
  }

  #left(room: Room, code: number, reason: string): void {
    if (room !== this.#room || this.#status !== "connected") return;
    const action = closeActionOf(code);
    switch (action) {
      case "final":
        this.#close(`closed by the server: ${code} ${reason}`);
        return;
      case "resume":
      case "resync":
        this.#room = undefined;
        this.#settled = Promise.withResolvers<void>();
        this.#setStatus("resuming", `${code} ${reason}`);
        void this.#resume(action);
    }
  }

  async #resume(action: "resume" | "resync"): Promise<void> {
    // A node that ends has many clients: they do not all come to the next one in the same moment.
    if (action === "resume") await sleep(retryDelay(0));
    for (let attempt = 0; this.#status === "resuming"; attempt += 1) {
      try {
        await this.#join();
        return;
      } catch (error) {
        if (FINAL_JOIN_STATUSES.includes(codeOf(error))) {
          this.#close(error instanceof Error ? error.message : String(error));
          return;
        }
        const least = codeOf(error) === TOO_MANY ? ONE_MORE_JOIN_MS : 0;
        await sleep(Math.max(retryDelay(attempt), least));
      }
    }
  }

  #close(reason: string): void {
    this.#room = undefined;
    this.#setStatus("closed", reason);
    this.#settled.resolve();
    this.#closed.resolve();
  }

  #setStatus(status: SessionStatus, reason: string): void {
    this.#status = status;
    for (const listener of this.#statusListeners) listener(status, reason);
  }
}
