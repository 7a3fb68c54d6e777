import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { AetherClient, type MarketSession, type PlayerSession } from "../../client/client.ts";
import { ITEM } from "../../domain/catalogue/demo/ids.ts";
import type { Answer } from "../../domain/codes.ts";
import { tokenFor } from "../support/fight.ts";
import { gameRegistry } from "../support/game-node.ts";
import { auditMarket, openOrders, replayBook, replayPlayer } from "../support/market-audit.ts";
import { patiently } from "../support/patiently.ts";
import { wholeLog } from "../support/play-game.ts";
import { useDatabase } from "../support/postgres.ts";
import { openSealedStore } from "../support/sealed-store.ts";
import { seeded } from "../support/seeded.ts";
import { FAST, type TestServerProcess, useServerProcess } from "../support/server-process.ts";
import { useReleasers } from "../support/store.ts";

const PLAYERS = 8;
const KILLS = 3;
const GOODS = [ITEM.sauge, ITEM.mineraiDeFer, ITEM.boisDIf] as const;
/** Of a trader: between two orders, ms. */
const PACE_MS = 60;

const database = useDatabase();
const release = useReleasers();
const servers = [
  useServerProcess(database, { ...FAST, DEMO_WORLD: "true" }),
  useServerProcess(database, FAST),
] as const;
const store = openSealedStore({ url: database.url }, gameRegistry());
release(() => store.close());

interface Told {
  readonly commandId: string;
  readonly answer: Answer;
}

/** Asks one server and then the other, until there is an answer that stands. */
async function ask(
  method: string,
  path: string,
  role: "joueur" | "admin",
  id: string,
  body: object | undefined,
): Promise<Told> {
  const commandId = crypto.randomUUID();
  const token = await tokenFor(role, id);
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await fetch(`${servers[tries % 2]?.apiUrl}${path}`, {
        method,
        headers: {
          ...{ authorization: `Bearer ${token}`, "idempotency-key": commandId },
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(8_000),
      });
      const answer = (await response.json()) as Answer & { readonly code?: string; readonly retryable?: boolean };
      if (response.ok) return { commandId, answer };
      const { code = "", retryable = false } = answer;
      if (!retryable) return { commandId, answer: { ok: false, code, message: "", retryable } };
    } catch {
      // It is down, or was: the other one may be up.
    }
    await sleep(50 + 10 * tries);
  }
}

const command = (id: string, role: "joueur" | "admin", message: object) =>
  ask("POST", `/players/${id}/commands`, role, id, message);

interface Trader {
  readonly id: string;
  readonly rooms: ReadonlyMap<string, MarketSession>;
  readonly own: PlayerSession | undefined;
}

async function createTrader(n: number): Promise<Trader> {
  const id = crypto.randomUUID();
  const names = { username: `trader${n}`, pseudo: `Trader ${n}` };
  const objets = GOODS.map((itemId) => ({ itemId, quantite: 60 }));
  for (const { answer } of [
    await command(id, "joueur", { type: "CreerJoueur", ...names, classe: "MAGE" }),
    await command(id, "admin", { type: "ModifierOr", delta: 2_000, raison: "CADEAU", reference: id }),
    await command(id, "admin", { type: "RecevoirItems", objets, source: "CADEAU", reference: id }),
  ])
    expect(answer.ok, JSON.stringify(answer)).toBe(true);
  const rooms = new Map<string, MarketSession>();
  if (n % 2 === 1) return { id, rooms, own: undefined };
  const url = servers[n % 4 === 0 ? 0 : 1].gameUrl;
  const client = new AetherClient({ url, token: await tokenFor("joueur", id), heartbeatMs: 1_000 });
  for (const itemId of GOODS) rooms.set(itemId, await patiently(() => client.joinMarket(itemId)));
  return { id, rooms, own: n < 3 ? await patiently(() => client.joinPlayer()) : undefined };
}

interface Shown {
  readonly version: number;
}

/** What was answered, by commandId. */
const answers = new Map<string, Answer>();
/** When the last of the orders that may expire does, in ms since 1970. */
let lastExpiry = 0;

async function trade({ id, rooms }: Trader, random: () => number, over: () => boolean): Promise<void> {
  const within = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const placed: { readonly ordreId: string; readonly itemId: string }[] = [];
  while (!over()) {
    await sleep(PACE_MS * (0.5 + random()));
    const itemId = GOODS[within(0, 2)] ?? GOODS[0];
    const room = rooms.get(itemId);
    const last = random() < 0.25 ? placed.splice(within(0, placed.length - 1), 1)[0] : undefined;
    if (last !== undefined) {
      const cancelling = rooms.get(last.itemId);
      const commandId = crypto.randomUUID();
      if (cancelling === undefined) {
        const told = await ask("DELETE", `/market/orders/${last.ordreId}`, "joueur", id, undefined);
        answers.set(told.commandId, told.answer);
      } else
        answers.set(
          commandId,
          await cancelling.command({ type: "AnnulerOrdre", ordreId: last.ordreId }, { commandId }),
        );
      continue;
    }
    const sale = random() < 0.5;
    const expiry = random() < 0.3 ? Date.now() + within(300, 3_000) : undefined;
    const expireA = expiry === undefined ? {} : { expireA: new Date(expiry).toISOString() };
    lastExpiry = Math.max(lastExpiry, expiry ?? 0);
    const order = { quantite: within(1, 8), prixUnitaire: within(5, 12), ...expireA };
    let given: Told;
    if (room === undefined)
      given = await ask("POST", sale ? "/market/sell" : "/market/buy", "joueur", id, { itemId, ...order });
    else {
      const commandId = crypto.randomUUID();
      const message = { type: "PlacerOrdre", typeOrdre: sale ? "VENTE" : "ACHAT", ...order } as const;
      given = { commandId, answer: await room.command(message, { commandId }) };
    }
    answers.set(given.commandId, given.answer);
    const { answer } = given;
    const made = answer.ok
      ? answer.events.find(({ eventType }) => eventType === "OrdreVenteCree" || eventType === "OrdreAchatCree")
      : undefined;
    if (made !== undefined) placed.push({ itemId, ordreId: (made.payload as { ordreId: string }).ordreId });
  }
}

/** Asks again for as long as the server is busy, or its read models are behind. */
async function read<Body>(server: TestServerProcess, path: string, token: string): Promise<Body> {
  for (;;) {
    const response = await fetch(`${server.apiUrl}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const body = (await response.json()) as Body;
    if (response.ok) return body;
    if (response.status !== 503) throw new Error(`${path}: ${JSON.stringify(body)}`);
    await sleep(50);
  }
}

/** Until no order is open that has run out: nobody may have run its book for a while. */
async function expired(): Promise<void> {
  for (;;) {
    const log = await wholeLog(store);
    const open = GOODS.flatMap((itemId) => openOrders(replayBook(log, itemId).state));
    if (open.every(({ expireA }) => expireA === null || expireA > Date.now())) return;
    await sleep(200);
  }
}

/** Until every saga has seen the whole log, and nothing comes to it any more. */
async function sagasIdle(server: TestServerProcess): Promise<void> {
  const token = await tokenFor("admin");
  for (let before = -1; ; await sleep(100)) {
    const last = await store.lastSequence(await store.highWaterMark());
    const { items } = await read<{
      items: { name: string; lagEvents: number; failed: number; parked: number }[];
    }>(server, "/admin/projections", token);
    const done = items.every(({ lagEvents }) => lagEvents === 0);
    if (done && last === before) {
      expect(items.filter(({ failed, parked }) => failed + parked > 0)).toEqual([]);
      return;
    }
    before = done ? last : -1;
  }
}

let traders: readonly Trader[] = [];
beforeAll(async () => {
  traders = await Promise.all(Array.from({ length: PLAYERS }, (_, n) => createTrader(n)));
});

test("[TRADING-1] whatever is killed while players trade: nothing is lost or made, every order has one fate, and what is shown is the log", async () => {
  let over = false;
  const trading = traders.map((trader, n) => trade(trader, seeded(1_000 + n), () => over));
  for (let kill = 0; kill < KILLS; kill += 1) {
    const victim = servers[kill % 2 === 0 ? 0 : 1];
    await sleep(600);
    await victim.stop("SIGKILL");
    await sleep(200);
    await victim.start();
  }
  await sleep(500);
  over = true;
  await Promise.all(trading);
  // What expires after the log has been read is shown, and is not in it.
  await sleep(Math.max(0, lastExpiry - Date.now()));
  await expired();
  for (const server of servers) await sagasIdle(server);

  const log = await wholeLog(store);
  const audit = auditMarket(log, GOODS);
  expect(audit.trades).toBeGreaterThan(20);
  expect(audit.kinds).toEqual(expect.arrayContaining(["ANNULE", "EXPIRE"]));
  expect(audit.problems).toEqual([]);
  expect(audit.acknowledged(answers)).toEqual([]);

  type Level = { readonly prix: number; readonly quantite: number; readonly ordres: number };
  function shows(id: string, shown: Shown, replay: typeof replayBook | typeof replayPlayer, events: typeof log): void {
    expect(shown).toEqual(replay(events, id, shown.version).shown);
  }
  for (const server of servers) {
    for (const { id } of traders) {
      const path = `/player/profile?minSequence=${log.at(-1)?.sequence}`;
      const { or } = await read<{ or: number }>(server, path, await tokenFor("joueur", id));
      expect({ or }).toEqual({ or: (replayPlayer(log, id).shown as { readonly or?: number }).or });
    }
    for (const itemId of GOODS) {
      const path = `/market/items/${itemId}/book?minSequence=${log.at(-1)?.sequence}`;
      const token = await tokenFor("joueur", traders[0]?.id);
      const book = await read<Record<"ventes" | "achats", Level[]>>(server, path, token);
      const { shown } = replayBook(log, itemId);
      for (const side of ["ventes", "achats"] as const) {
        const wanted = Object.values(shown[side] as Record<string, Level>);
        expect([...book[side]].sort((one, other) => one.prix - other.prix)).toEqual(
          wanted.sort((one, other) => one.prix - other.prix),
        );
      }
    }
  }
  for (const { rooms, own, id } of traders) {
    // A server that has lost one shows how it was, until it has noticed: never what it was not.
    for (const [itemId, room] of rooms) {
      shows(itemId, Object.assign({ itemId }, room.state), replayBook, log);
      const last = replayBook(log, itemId).state.version;
      shows(itemId, Object.assign({ itemId }, await room.until(({ version }) => version === last)), replayBook, log);
    }
    if (own === undefined) continue;
    shows(id, own.state, replayPlayer, await wholeLog(store));
    const last = replayPlayer(log, id).version;
    shows(id, await own.until(({ version }) => version >= last), replayPlayer, await wholeLog(store));
  }
  await Promise.all(traders.flatMap(({ rooms, own }) => [...rooms.values(), own].map((one) => one?.leave())));
});
