import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { rateLimited, refusal } from "../../domain/codes.ts";
import { usernameForm } from "../../domain/player/commands.ts";
import { ROLES } from "../../domain/roles.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Door } from "../http.ts";
import type { Limits } from "../limits.ts";
import type { Passwords } from "../passwords.ts";
import type { TokenPair, Tokens } from "../tokens.ts";
import { id } from "./answers.ts";

export interface AccountServices {
  readonly accounts: Accounts;
  readonly passwords: Passwords;
  readonly tokens: Tokens;
  readonly attempts: Limits["attempts"];
}

/** NIST SP 800-63B: eight characters or more, of any kind. A hash takes no longer for a long one, its message does. */
const password = z.string().min(8).max(256);
const credentials = z.strictObject({ username: usernameForm, password });
const refresh = z.strictObject({ refreshToken: z.string().min(1).max(200) });
const nothing = z.strictObject({});
const seconds = z.int().min(1);
const pair = z.strictObject({
  userId: id,
  role: z.enum(ROLES),
  accessToken: z.string(),
  expiresIn: seconds.meta({ description: "seconds until the access token runs out" }),
  refreshToken: z.string().meta({ description: "good for one POST /auth/refresh" }),
  refreshExpiresIn: seconds,
});

const TAKEN = refusal("ALREADY_EXISTS", "this username is taken");
const NO_TOKEN = refusal("UNAUTHORIZED", "this refresh token is not valid");

/** Accounts, and the tokens that they are given. */
export function accountRoutes(api: FastifyInstance, door: Door, services: AccountServices): void {
  const { accounts, passwords, tokens, attempts } = services;

  /** ms until one more attempt fits; 0: it does. */
  const waitMs = async (request: FastifyRequest, username?: string): Promise<number> =>
    (await attempts.from(request.ip)) || (username === undefined ? 0 : await attempts.as(username));
  const tooOften = (reply: FastifyReply, wait: number): FastifyReply => door.problem(reply, rateLimited(wait));
  const given = (reply: FastifyReply, tokenPair: TokenPair, status = 200): FastifyReply =>
    reply.code(status).header("cache-control", "no-store").send(tokenPair);

  api.post(
    "/auth/register",
    door.entry(
      {
        does: "Makes an account, and logs it in.",
        takes: credentials,
        gives: pair,
        status: 201,
        refuses: ["ALREADY_EXISTS"],
      },
      async (call) => {
        const { body, reply } = call;
        const wait = await waitMs(call.request);
        if (wait > 0) return tooOften(reply, wait);
        const hash = await passwords.hash(body.password);
        if (hash === "BUSY") return door.problem(reply, refusal("BUSY"));
        const accountId = randomUUID();
        if (!(await accounts.register(accountId, body.username, hash))) return door.problem(reply, TAKEN);
        return given(reply, await tokens.begin(accountId, "joueur"), 201);
      },
    ),
  );

  api.post(
    "/auth/guest",
    door.entry(
      { does: "Makes an account without a name, and logs it in.", takes: nothing, gives: pair, status: 201 },
      async (call) => {
        const wait = await waitMs(call.request);
        if (wait > 0) return tooOften(call.reply, wait);
        const accountId = randomUUID();
        await accounts.registerGuest(accountId);
        return given(call.reply, await tokens.begin(accountId, "joueur"), 201);
      },
    ),
  );

  api.post(
    "/auth/claim",
    door.guarded(
      {
        does: "Gives the caller's account, which is a guest's, a name and a password. Its tokens stay good.",
        roles: ["joueur"],
        takes: credentials,
        refuses: ["ALREADY_EXISTS"],
      },
      async ({ who, body, request, reply }) => {
        const wait = await waitMs(request);
        if (wait > 0) return tooOften(reply, wait);
        const hash = await passwords.hash(body.password);
        if (hash === "BUSY") return door.problem(reply, refusal("BUSY"));
        const claimed = await accounts.claim(who.userId, body.username, hash);
        switch (claimed) {
          case "CLAIMED":
            return reply.code(204).send();
          case "TAKEN":
            return door.problem(reply, TAKEN);
          case "NOT_A_GUEST":
            return door.problem(reply, refusal("ALREADY_EXISTS", "this account is no guest's"));
        }
      },
    ),
  );

  api.post(
    "/auth/login",
    door.entry(
      { does: "Logs an account in.", takes: credentials, gives: pair, refuses: ["BAD_CREDENTIALS"] },
      async (call) => {
        const { body, reply } = call;
        const wait = await waitMs(call.request, body.username);
        if (wait > 0) return tooOften(reply, wait);
        const account = await accounts.find(body.username);
        const fits = await passwords.verify(account?.passwordHash, body.password);
        if (fits === "BUSY") return door.problem(reply, refusal("BUSY"));
        if (!fits || account === undefined) return door.problem(reply, refusal("BAD_CREDENTIALS"));
        const { accountId, role } = account;
        await call.noteAs({ userId: accountId, role });
        return given(reply, await tokens.begin(accountId, role));
      },
    ),
  );

  api.post(
    "/auth/refresh",
    door.entry(
      {
        does: "Changes a refresh token for new tokens; the same one gets the same again for half a minute, and ends the login after that.",
        takes: refresh,
        gives: pair,
        refuses: ["UNAUTHORIZED"],
      },
      async (call) => {
        const wait = await waitMs(call.request);
        if (wait > 0) return tooOften(call.reply, wait);
        const renewed = await tokens.refresh(call.body.refreshToken);
        return renewed === undefined ? door.problem(call.reply, NO_TOKEN) : given(call.reply, renewed);
      },
    ),
  );

  api.post(
    "/auth/logout",
    door.entry(
      { does: "Ends the login that a refresh token comes from, if there is one.", takes: refresh },
      async (call) => {
        const wait = await waitMs(call.request);
        if (wait > 0) return tooOften(call.reply, wait);
        await tokens.end(call.body.refreshToken);
        return call.reply.code(204).send();
      },
    ),
  );
}
