import { expect, test } from "vitest";
import { auth, loggedIn, newName } from "../support/accounts.ts";
import { useDatabase } from "../support/postgres.ts";
import { FAST, useServerProcess } from "../support/server-process.ts";

const database = useDatabase();
const env = { ...FAST, AUTH_ATTEMPTS_PER_ADDRESS: "100000", AUTH_ATTEMPTS_PER_ACCOUNT: "5" };
const server = useServerProcess(database, env);
const PASSWORD = "correct horse battery staple";
const call = (path: string, body: unknown, token?: string) => auth(server.apiUrl, path, body, token);

test("[AUTH-1] x", async () => {
  const username = newName();
  const one = await loggedIn(call("register", { username, password: PASSWORD }));
  console.log(one);
  console.log(await call("login", { username, password: PASSWORD }));
  console.log(await call("login", { username, password: "PASSWORDx" }));
  console.log(await call("refresh", one));
  console.log(await call("refresh", { refreshToken: one.refreshToken }));
  console.log(await call("refresh", { refreshToken: one.refreshToken }));
  console.log(await call("logout", { refreshToken: one.refreshToken }));
  console.log(await call("refresh", { refreshToken: one.refreshToken }));
  expect(1).toBe(1);
});
