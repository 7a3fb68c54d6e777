/**
 * Every code with which the server refuses something, beside the game's own rejections (which are final, status 409).
 * `retryable`: the same command with the same commandId may well be accepted later; it changed nothing.
 */
export const REFUSALS = {
  BAD_REQUEST: { status: 400, retryable: false, message: "the request is not of the form that this call takes" },
  TOO_COMPLEX: { status: 400, retryable: false, message: "the operation asks for more than one operation may" },
  UNAUTHORIZED: { status: 401, retryable: false, message: "a valid token is needed" },
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
  BUSY: { status: 503, retryable: true, message: "too much is waiting already" },
  UNAVAILABLE: { status: 503, retryable: true, message: "the server cannot decide this now" },
} as const;
export type RefusalCode = keyof typeof REFUSALS;

/** HTTP status of any refusal; a code that is not of the list is the game's. */
export function statusOf(code: string): number {
  return code in REFUSALS ? REFUSALS[code as RefusalCode].status : 409;
}

/** What a client is told when its connection is closed, and what its SDK does about it. */
export const CLOSE_CODES = {
  /** The client left. */
  CONSENTED: 4000,
  /** The node stops: join again, on any node. */
  SHUTDOWN: 4001,
  /** A message that no client of ours sends. Join again; a client that is really broken is refused in the end. */
  WITH_ERROR: 4002,
  /** The client read too slowly and has missed patches: join again for the full state. */
  RESYNC: 4100,
  /** The room has moved or must be loaded anew: join again. */
  COME_AGAIN: 4101,
  /** Far too many messages. */
  FLOOD: 4102,
  /** The player has opened a newer session, and this one is over. */
  TAKEN_OVER: 4103,
} as const;

/** Close codes after which the SDK does not come back by itself. */
export const FINAL_CLOSE_CODES: readonly number[] = [CLOSE_CODES.CONSENTED, CLOSE_CODES.FLOOD, CLOSE_CODES.TAKEN_OVER];

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
  | { readonly ok: false; readonly code: string; readonly message: string; readonly retryable: boolean };

export function refusal(code: RefusalCode, message: string = REFUSALS[code].message): Answer & { ok: false } {
  return { ok: false, code, message, retryable: REFUSALS[code].retryable };
}
