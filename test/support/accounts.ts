/** What the account calls answer, whatever it is. */
export interface AuthAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A call of `/auth/…`, with an access token if it is one that needs it. */
export async function auth(apiUrl: string, call: string, body: unknown, token?: string): Promise<AuthAnswer> {
  const response = await fetch(`${apiUrl}/auth/${call}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}

export interface LoggedIn {
  readonly userId: string;
  readonly role: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

export async function loggedIn(answer: Promise<AuthAnswer>): Promise<LoggedIn> {
  const { status, body } = await answer;
  if (status > 201) throw new Error(`refused: ${status} ${JSON.stringify(body)}`);
  return body as unknown as LoggedIn;
}

let names = 0;
export const newName = (): string => `User.${Date.now().toString(36)}${names++}`;
