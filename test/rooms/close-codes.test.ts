import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { matchMaker } from "@colyseus/core";
import { Client } from "@colyseus/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Session, type SessionStatus } from "../../client/session.ts";
import { closeCodesPage } from "../../docs/generate/close-codes-page.ts";
import { CLOSES, type CloseAction, closeActionOf } from "../../domain/codes.ts";
import { createMemoryStore } from "../../store/memory-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { tally } from "./tally.ts";
import { startTallyServer, type TallySession } from "./tally-server.ts";

let server: Awaited<ReturnType<typeof startTallyServer>>;
beforeAll(async () => {
  server = await startTallyServer(createMemoryStore(createRegistry(tally.events)), "ws", { tally: {} });
});
afterAll(() => server.close());

/** Any of those that the table does not name. */
const UNNAMED = 4900;

const codes: readonly (readonly [number, CloseAction])[] = [
  ...Object.values(CLOSES).map(({ code, action }) => [code, action] as const),
  [UNNAMED, "resume"],
];

test.each(codes)(
  "[CLOSE-1] a connection that is closed with %i: the SDK does what the table says, %s",
  async (code, action) => {
    const tallyId = await server.begin();
    const client = new Client(server.url);
    client.auth.token = crypto.randomUUID();
    const session: TallySession = await Session.join(client, "tally", { tallyId }, 600_000);
    const [listing] = await matchMaker.query({ name: "tally", tallyId } as never);
    const room = matchMaker.getLocalRoomById(listing?.roomId ?? "");
    const joining = client.joinOrCreate.bind(client);
    let joins = 0;
    client.joinOrCreate = ((...args: Parameters<typeof joining>) => {
      joins += 1;
      return joining(...args);
    }) as typeof client.joinOrCreate;
    const seen: SessionStatus[] = [];
    const first = Promise.withResolvers<number>();
    session.onStatus((status) => {
      seen.push(status);
      // What it does at once it has done by the next turn of the loop.
      void nextTurn().then(() => first.resolve(joins));
    });
    for (const one of room.clients) one.leave(code);
    const joinsAtOnce = await first.promise;
    expect(closeActionOf(code)).toBe(action);
    switch (action) {
      case "final":
        expect(seen).toEqual(["closed"]);
        expect(joins).toBe(0);
        return;
      case "resume":
      case "resync":
        expect(joinsAtOnce).toBe(action === "resync" ? 1 : 0);
        expect(await session.command({ type: "Add", amount: 1 })).toMatchObject({ ok: true, version: 2 });
        expect(seen).toEqual(["resuming", "connected"]);
        await session.leave();
    }
  },
);

test("[CLOSE-2] each code stands once, and the page is what the table says; `npm run docs` writes it anew", () => {
  const all = Object.values(CLOSES).map(({ code }) => code);
  expect(new Set(all).size).toBe(all.length);
  expect(readFileSync(new URL("../../docs/close-codes.md", import.meta.url), "utf8")).toBe(closeCodesPage());
});
