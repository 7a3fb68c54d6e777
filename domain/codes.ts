/**
 * Every code with which the server refuses something, beside the game's own rejections (which are final, status 409).
 * `retryable`: the same command with the same commandId may well be accepted later; it changed nothing.
 */
export const REFUSALS = {
  BAD_REQUEST: { status: 400, retryable: false, message: "the request is not of the form that this call takes" },
  TOO_COMPLEX: { status: 400, retryable: false, message: "the operation asks for more than one operation may" },
  UNAUTHORIZED: { status: 401, retryable: false, message: "a valid token is needed" },
  SESSION_UNKNOWN: { status: 401, retryable: false, message: "there is no such session of this player's here" },
  SESSION_EXPIRED: { status: 401, retryable: false, message: "the session has run out: join anew" },
  SESSION_REVOKED: { status: 401, retryable: false, message: "the session was ended: join anew" },
  BANNED: { status: 403, retryable: false, message: "this player is shut out" },
  BAD_CREDENTIALS: { status: 401, retryable: false, message: "no account has this name and this password" },
  FORBIDDEN: { status: 403, retryable: false, message: "this token may not do that" },
  NOT_FOUND: { status: 404, retryable: false, message: "there is no such thing" },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false, message: "this call is made with other methods" },
  ALREADY_EXISTS: { status: 409, retryable: false, message: "this id is taken" },
  SESSION_REPLACED: { status: 409, retryable: false, message: "the player has opened a newer session" },
  WRONG_VERSION: {
    status: 409,
    retryable: false,
    message: "the aggregate is no longer at the version that the command expects",
  },
  TOO_LARGE: { status: 413, retryable: false, message: "the message is too large" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, message: "a body is JSON: application/json" },
  TOO_FAR_BACK: { status: 410, retryable: false, message: "more has happened since than is given: begin with a read" },
  TOO_SLOW: {
    status: 503,
    retryable: true,
    message: "what was sent was not taken in time: go on after the last that came",
  },
  RATE_LIMITED: { status: 429, retryable: true, message: "too many commands in a short time" },
  INTERNAL: { status: 500, retryable: false, message: "a fault of the server's; nothing was changed" },
  NOT_YET: { status: 503, retryable: true, message: "the read model has not come that far yet" },
  TOO_EXPENSIVE: { status: 503, retryable: true, message: "this read takes longer than a read may take: ask for less" },
  DRAINING: { status: 503, retryable: true, message: "this node takes nothing new: another one does" },
  BUSY: { status: 503, retryable: true, message: "too much is waiting already" },
  UNAVAILABLE: { status: 503, retryable: true, message: "the server cannot decide this now" },
} as const;
export type RefusalCode = keyof typeof REFUSALS;

/** HTTP status of any refusal; a code that is not of the list is the game's. */
export function statusOf(code: string): number {
  return code in REFUSALS ? REFUSALS[code as RefusalCode].status : 409;
}

/**
 * What a client does about a connection that has ended.
 * - `resume`: it looks for its room again, on any node, after a moment that is different for each client, and goes on with its session.
 * - `resync`: the same at once: nothing has become of the room, and the client wants its full state.
 * - `final`: it stays away.
 */
export type CloseAction = "resume" | "resync" | "final";

interface Close {
  readonly code: number;
  readonly action: CloseAction;
  readonly meaning: string;
}

/** Everything that a client may be told as its connection is closed by us. `docs/close-codes.md` is made of it. */
export const CLOSES = {
  CONSENTED: { code: 4000, action: "final", meaning: "the client left" },
  SHUTDOWN: { code: 4001, action: "resume", meaning: "the node stops" },
  WITH_ERROR: {
    code: 4002,
    action: "resume",
    meaning: "too many messages that no client of ours sends; a client that is really broken is refused in the end",
  },
  RESYNC: { code: 4100, action: "resync", meaning: "the client read too slowly and has missed patches" },
  COME_AGAIN: { code: 4101, action: "resume", meaning: "the room has moved, or must be loaded anew" },
  FLOOD: { code: 4102, action: "final", meaning: "far too many messages" },
  TAKEN_OVER: { code: 4103, action: "final", meaning: "the player has opened a newer session, and this one is over" },
  BANNED: { code: 4104, action: "final", meaning: "the player was shut out" },
} as const satisfies Readonly<Record<string, Close>>;
export type CloseName = keyof typeof CLOSES;

/** The codes alone, by name. */
export const CLOSE_CODES = Object.fromEntries(Object.entries(CLOSES).map(([name, { code }]) => [name, code])) as {
  readonly [Name in CloseName]: (typeof CLOSES)[Name]["code"];
};

/** What is not in the table comes from the network, a proxy or the protocol (1006 and so on): the room may well be there. */
export function closeActionOf(code: number): CloseAction {
  return Object.values(CLOSES).find((one) => one.code === code)?.action ?? "resume";
}

export interface AnsweredEvent {
  readonly eventType: string;
  readonly version: number;
  readonly sequence: number;
  readonly payload: unknown;
}

/** The answer to a command, the same through every door and for every repeat of its commandId. */
export type Answer =
  | {
      readonly ok: true;
      readonly version: number;
      readonly sequence: number;
      readonly events: readonly AnsweredEvent[];
    }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
      /** ms after which to come again, and not before: of RATE_LIMITED. */
      readonly retryAfterMs?: number;
    };

export function refusal(code: RefusalCode, message: string = REFUSALS[code].message): Answer & { ok: false } {
  return { ok: false, code, message, retryable: REFUSALS[code].retryable };
}

/** Too much in a short time: to be asked again after so many ms. */
export function rateLimited(retryAfterMs: number, message?: string): Answer & { ok: false } {
  return { ...refusal("RATE_LIMITED", message), retryAfterMs };
}
