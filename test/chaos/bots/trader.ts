import { setTimeout as sleep } from "node:timers/promises";
import type { MarketCommandMessage, MarketSnapshot } from "../../../client/client.ts";
import { ITEM } from "../../../domain/catalogue/demo/ids.ts";
import type { Answer } from "../../../domain/codes.ts";
import { type Recorded, record } from "../recorded.ts";
import { askRest } from "../rest.ts";
import { type Bot, type BotWorld, oneOf, within } from "./bot.ts";
import { arrive, type Person } from "./person.ts";

export const GOODS = [ITEM.sauge, ITEM.mineraiDeFer, ITEM.boisDIf] as const;
type Good = (typeof GOODS)[number];

/** Places orders, half of them in the books' rooms and half over REST, takes some back, and lets some expire. */
export function createTrader(name: string, n: number, world: BotWorld): Bot {
  const { journal, random, over, apiUrl } = world;
  const placed: { readonly ordreId: string; readonly itemId: Good }[] = [];
  const rooms = new Map<Good, Recorded<MarketSnapshot, MarketCommandMessage>>();
  let person: Person | undefined;
  let expiresAt = 0;

  async function open(itemId: Good): Promise<Recorded<MarketSnapshot, MarketCommandMessage>> {
    const known = rooms.get(itemId);
    if (known !== undefined) return known;
    const { client } = person ?? (await begin());
    const join = () => client.joinMarket(itemId, { events: true });
    const room = await record(journal, { type: "Economy", id: itemId }, join);
    rooms.set(itemId, room);
    return room;
  }

  async function begin(): Promise<Person> {
    person ??= await arrive(
      world,
      n,
      GOODS.map((itemId) => ({ itemId, quantite: 200 })),
    );
    return person;
  }

  async function place(userId: string): Promise<void> {
    const itemId = oneOf(random, GOODS) ?? GOODS[0];
    const sale = random() < 0.5;
    const expiry = random() < 0.3 ? Date.now() + within(random, 300, 5_000) : undefined;
    expiresAt = Math.max(expiresAt, expiry ?? 0);
    const order = {
      ...{ quantite: within(random, 1, 8), prixUnitaire: within(random, 5, 12) },
      ...(expiry === undefined ? {} : { expireA: new Date(expiry).toISOString() }),
    };
    const answer: Answer =
      random() < 0.5
        ? await (await open(itemId)).command({ type: "PlacerOrdre", typeOrdre: sale ? "VENTE" : "ACHAT", ...order })
        : await askRest(apiUrl, journal, {
            ...{ method: "POST", path: sale ? "/market/sell" : "/market/buy", role: "joueur", userId },
            ...{ body: { itemId, ...order }, subject: { type: "Economy", id: itemId }, type: "PlacerOrdre" },
          });
    if (!answer.ok) return;
    for (const { eventType, payload } of answer.events)
      if (eventType === "OrdreVenteCree" || eventType === "OrdreAchatCree")
        placed.push({ itemId, ordreId: (payload as { readonly ordreId: string }).ordreId });
  }

  async function cancel(userId: string): Promise<void> {
    const order = placed.splice(within(random, 0, placed.length - 1), 1)[0];
    if (order === undefined) return;
    const { ordreId, itemId } = order;
    if (random() < 0.5) await (await open(itemId)).command({ type: "AnnulerOrdre", ordreId });
    else
      await askRest(apiUrl, journal, {
        ...{ method: "DELETE", path: `/market/orders/${ordreId}`, role: "joueur", userId },
        ...{ subject: { type: "Economy", id: itemId }, type: "AnnulerOrdre" },
      });
  }

  return {
    name,
    async play() {
      const { id } = await begin();
      while (!over()) {
        await sleep(within(random, 60, 300));
        if (random() < 0.25) await cancel(id);
        else await place(id);
      }
      // What expires after the log has been read would be shown, and not be in it.
      await sleep(Math.max(0, expiresAt - Date.now()) + 1_000);
    },
    async askAgain(since) {
      await person?.own.askAgain(since);
      for (const room of rooms.values()) await room.askAgain(since);
    },
    async leave() {
      await Promise.all([person?.own, ...rooms.values()].map((one) => one?.leave()));
    },
  };
}
