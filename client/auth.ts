import { retryDelay } from "./retry.ts";

/** What an account is given when it logs in. Times in seconds from now. */
export interface AuthTokens {
  readonly userId: string;
  readonly role: string;
  readonly accessToken: string;
  readonly expiresIn: number;
  /** Good for one renewal. Kept somewhere safe, it spares the player the next login: see `resume`. */
  readonly refreshToken: string;
  readonly refreshExpiresIn: number;
}

export interface AuthOptions {
  /** The API port, e.g. `http://localhost:2568`. */
  readonly url: string;
  /** Called with the tokens of a login and of each renewal. */
  readonly onTokens?: (tokens: AuthTokens) => void;
  /** Called when the login is over: it was ended elsewhere, or was not renewed for too long. The player has to log in again. */
  readonly onEnd?: () => void;
}

/** The server said no; `code` is one of its own, e.g. BAD_CREDENTIALS, ALREADY_EXISTS, RATE_LIMITED, BUSY. */
export class AuthError extends Error {
  override readonly name = "AuthError";
  readonly code: string;
  readonly status: number;
  /** ms after which to come again, and not before; 0: nothing was said. */
  readonly retryAfterMs: number;

  constructor(status: number, code: string, message: string, retryAfterMs = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Of an access token's life, after which it is renewed. */
const RENEWED_AFTER = 0.8;
const CALL_TIMEOUT_MS = 10_000;

/** An account's login: its tokens, renewed in time for as long as it lasts. */
export class AetherAuth {
  readonly #options: AuthOptions;
  readonly #clients = new Set<{ token: string }>();
  #tokens: AuthTokens | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(options: AuthOptions) {
    this.#options = options;
  }

  get tokens(): AuthTokens | undefined {
    return this.#tokens;
  }

  /** @throws AuthError: ALREADY_EXISTS, another account has this name */
  async register(username: string, password: string): Promise<AuthTokens> {
    return this.#begin(await this.#call("register", { username, password }));
  }

  /** @throws AuthError: BAD_CREDENTIALS */
  async login(username: string, password: string): Promise<AuthTokens> {
    return this.#begin(await this.#call("login", { username, password }));
  }

  /** An account without a name, for as long as its tokens are kept and renewed; `claim` makes it one to come back to. */
  async guest(): Promise<AuthTokens> {
    return this.#begin(await this.#call("guest", {}));
  }

  /** Goes on with a login of before. @throws AuthError: UNAUTHORIZED, it is over */
  async resume(refreshToken: string): Promise<AuthTokens> {
    return this.#begin(await this.#call("refresh", { refreshToken }));
  }

  /** Gives a guest's account a name and a password; everything that it has stays its own. @throws AuthError: ALREADY_EXISTS */
  async claim(username: string, password: string): Promise<void> {
    await this.#call("claim", { username, password }, this.#tokens?.accessToken);
  }

  /** Gives a client the access token, and each one that comes after it. Returns what ends that. */
  keep(client: { token: string }): () => void {
    this.#clients.add(client);
    if (this.#tokens !== undefined) client.token = this.#tokens.accessToken;
    return () => this.#clients.delete(client);
  }

  /** Ends the login, here and on the server. */
  async logout(): Promise<void> {
    const refreshToken = this.#tokens?.refreshToken;
    this.close();
    if (refreshToken !== undefined) await this.#call("logout", { refreshToken });
  }

  /** Renews no more. The login itself goes on, for whoever has its refresh token. */
  close(): void {
    clearTimeout(this.#renewal);
    this.#tokens = undefined;
  }

  #begin(answer: unknown): AuthTokens {
    clearTimeout(this.#renewal);
    this.#take(answer as AuthTokens);
    return answer as AuthTokens;
  }

  #take(tokens: AuthTokens): void {
    this.#tokens = tokens;
    for (const client of this.#clients) client.token = tokens.accessToken;
    this.#renewIn(tokens.expiresIn * 1_000 * RENEWED_AFTER, 0);
    this.#options.onTokens?.(tokens);
  }

  #renewIn(ms: number, attempt: number): void {
    this.#renewal = setTimeout(() => void this.#renew(attempt), ms);
  }

  /** An answer that was lost is asked for again at once: the server gives the same one for a while. */
  async #renew(attempt: number): Promise<void> {
    const before = this.#tokens;
    if (before === undefined) return;
    try {
      const renewed = (await this.#call("refresh", { refreshToken: before.refreshToken })) as AuthTokens;
      if (this.#tokens === before) this.#take(renewed);
    } catch (error) {
      if (this.#tokens !== before) return;
      if (!(error instanceof AuthError)) return this.#renewIn(retryDelay(attempt), attempt + 1);
      if (error.status === 429 || error.status >= 500)
        return this.#renewIn(Math.max(retryDelay(attempt), error.retryAfterMs), attempt + 1);
      this.close();
      this.#options.onEnd?.();
    }
  }

  async #call(name: string, body: object, token?: string): Promise<unknown> {
    const response = await fetch(`${this.#options.url}/auth/${name}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    if (response.status === 204) return undefined;
    const answer = (await response.json()) as {
      readonly code?: string;
      readonly detail?: string;
      readonly retryAfterMs?: number;
    };
    if (response.ok) return answer;
    throw new AuthError(response.status, answer.code ?? "INTERNAL", answer.detail ?? "", answer.retryAfterMs);
  }
}
