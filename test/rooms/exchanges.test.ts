import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import { slotsInOrder } from "../../domain/player/inventaire.ts";
import { player } from "../../domain/player/player.ts";
import type { PayloadOf, PlayerEventType } from "../../domain/player/state.ts";
import type { EventStore } from "../../store/event-store.ts";
import { createRegistry } from "../../store/registry.ts";
import { iid, receive } from "../domain/player/life-helper.ts";
import { rowsOf } from "../support/client.ts";
import { useDatabase } from "../support/postgres.ts";
import { openStore } from "../support/store.ts";
import { logOf, type Node, replayed, startNode } from "./exchange-nodes.ts";
import { seededRandom } from "./simulation.ts";

const database = useDatabase();
/** Of the test's nodes: those of all tests together would be more connections than a server may have. */
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

let left: Node;
let right: Node;
let ann: string;
let bob: string;
let store: EventStore;
let nodes: Map<string, Node>;

function openNode(wrap: (opened: EventStore) => EventStore = (opened) => opened): Node {
  const opened = openStore({ url: database.url }, createRegistry(player.events));
  store = opened;
  const node = startNode(uuidv7(), wrap(opened), nodes);
  closing.push(async () => {
    await node.actors.close();
    await opened.close();
  });
  return node;
}

beforeEach(async () => {
  nodes = new Map();
  left = openNode();
  right = openNode();
  ann = await born(left, "Ann");
  bob = await born(right, "Bob");
});

/** A player whose actor runs on that node. */
async function born(node: Node, pseudo: string): Promise<string> {
  const joueurId = uuidv7();
  await accepted(node.send(joueurId, { type: "CreerJoueur", joueurId, username: "someone", pseudo, classe: "MAGE" }));
  await accepted(node.send(joueurId, { type: "ModifierOr", delta: 1_000, raison: "AUTRE", reference: "test" }));
  await accepted(node.send(joueurId, receive(1, 40)));
  await accepted(node.send(joueurId, receive(2, 3, { empilable: false, emplacements: ["TETE"], typeItem: "ARMURE" })));
  expect(node.actors.running(joueurId)).toBeDefined();
  return joueurId;
}

async function accepted(answer: Promise<Answer>): Promise<Answer & { ok: true }> {
  const given = await answer;
  if (!given.ok) throw new Error(`${given.code}: ${given.message}`);
  return given;
}

async function exchangeOf(joueurId: string) {
  const { echange } = (await left.read(joueurId))?.joueur ?? {};
  if (echange === null || echange === undefined) throw new Error("no exchange");
  return echange;
}

function all<Type extends PlayerEventType>(
  events: readonly StoredEvent[],
  type: Type,
): (StoredEvent & { readonly payload: PayloadOf<Type> })[] {
  return events.filter((event) => event.eventType === type) as (StoredEvent & { readonly payload: PayloadOf<Type> })[];
}

/** Both have offered, and Ann has confirmed. */
async function agreed(): Promise<number> {
  await accepted(left.step(ann, { type: "OuvrirEchange", avec: bob }));
  const slot = slotsInOrder((await left.read(ann))?.inventaire ?? player.initial.inventaire)[0];
  const objets = [{ slotId: slot?.slotId, quantite: 7 }];
  await accepted(left.step(ann, { type: "ProposerOffre", or: 0, objets }));
  await accepted(right.step(bob, { type: "ProposerOffre", or: 300, objets: [] }));
  const { revision } = await exchangeOf(ann);
  await accepted(left.step(ann, { type: "ConfirmerEchange", revision }));
  return revision;
}

/** What the actor that owns the player shows; who began a player owns it without saying so. */
async function shown(joueurId: string) {
  const owner = (await store.head(joueurId))?.owner;
  const [node] = [left, right].filter(({ nodeId, actors }) => (owner ?? nodeId) === nodeId && actors.running(joueurId));
  return node?.actors.running(joueurId)?.state;
}

/** Until both actors have read what others wrote for them. */
async function settled(): Promise<void> {
  for (const id of [ann, bob]) {
    const expected = replayed(await logOf(store, id));
    await expect.poll(() => shown(id)).toEqual(expected);
  }
}

test("[TRADE-1] [TRADE-10] an exchange over two nodes: both actors know, and a repeat anywhere gets the same answer", async () => {
  const revision = await agreed();
  const commandId = uuidv7();
  const message = { type: "ConfirmerEchange", revision };
  const answer = await accepted(right.step(bob, message, commandId));
  expect(answer.events.map((event) => event.eventType)).toEqual([
    "EchangeConfirme",
    "OrModifie",
    "EchangeFerme",
    "ItemEchange",
    "ItemAjoute",
  ]);
  await settled();
  expect([(await shown(ann))?.joueur.or, (await shown(bob))?.joueur.or]).toEqual([1_300, 700]);
  expect(await left.step(bob, message, commandId)).toEqual(answer);
  // Also while another exchange is under way.
  await accepted(left.step(ann, { type: "OuvrirEchange", avec: bob }));
  expect(await right.step(bob, message, commandId)).toEqual(answer);
  expect([left.faults, right.faults]).toEqual([[], []]);
});

test("[TRADE-10] a refusal is repeated as well, whoever of the two it was for, and when the exchange is long over", async () => {
  const revision = await agreed();
  await accepted(
    left.send(ann, { type: "ModifierOr", delta: 1_999_999_000 - 299, raison: "AUTRE", reference: "test" }),
  );
  const commandId = uuidv7();
  const message = { type: "ConfirmerEchange", revision };
  const refused = await right.step(bob, message, commandId);
  expect(refused).toMatchObject({ code: "GOLD_FULL", message: "for the other player: nobody can own that much gold" });
  await accepted(left.step(ann, { type: "AnnulerEchange" }));
  expect(await right.step(bob, message, commandId)).toEqual(refused);
  expect(await left.step(bob, message, commandId)).toEqual(refused);
  const none = uuidv7();
  expect(await left.step(bob, { type: "AnnulerEchange" }, none)).toMatchObject({ code: "NO_EXCHANGE" });
  await accepted(left.step(ann, { type: "OuvrirEchange", avec: bob }));
  expect(await right.step(bob, { type: "AnnulerEchange" }, none)).toMatchObject({ code: "NO_EXCHANGE" });
});

test("[TRADE-3] with oneself, with nobody, of slots of nobody's", async () => {
  expect(await left.step(ann, { type: "OuvrirEchange", avec: ann })).toMatchObject({ code: "SELF_EXCHANGE" });
  const nobody = uuidv7();
  expect(await left.step(ann, { type: "OuvrirEchange", avec: nobody })).toMatchObject({ code: "PLAYER_NOT_FOUND" });
  expect(await left.step(nobody, { type: "OuvrirEchange", avec: ann })).toMatchObject({ code: "PLAYER_NOT_FOUND" });
  expect(await left.step(nobody, { type: "AnnulerEchange" })).toMatchObject({ code: "PLAYER_NOT_FOUND" });
  await accepted(left.step(ann, { type: "OuvrirEchange", avec: bob }));
  const objets = [{ slotId: nobody, quantite: 1 }];
  expect(await left.step(ann, { type: "ProposerOffre", or: 0, objets })).toMatchObject({ code: "UNKNOWN_SLOT" });
  expect(await logOf(store, nobody)).toEqual([]);
});

test("[TRADE-10] a node that dies once the step is written, before anyone was told: asked again elsewhere, it is done once", async () => {
  const revision = await agreed();
  const dying = openNode((opened) => ({
    ...opened,
    append: async (request) => {
      await opened.append(request);
      return new Promise(() => undefined);
    },
  }));
  const commandId = uuidv7();
  const message = { type: "ConfirmerEchange", revision };
  const unheard = dying.step(bob, message, commandId);
  await expect.poll(async () => all(await logOf(store, bob), "ItemEchange").length).toBe(1);
  const answer = await accepted(left.step(bob, message, commandId));
  expect(answer.events.map((event) => event.eventType)).toContain("ItemEchange");
  expect(all(await logOf(store, ann), "ItemEchange")).toHaveLength(1);
  expect(await Promise.race([unheard, sleep(20)])).toBeUndefined();
  // Nobody has told the actors: they find out with their next command.
  await accepted(left.send(ann, { type: "ModifierOr", delta: 1, raison: "AUTRE", reference: "test" }));
  await accepted(right.send(bob, { type: "ModifierOr", delta: 1, raison: "AUTRE", reference: "test" }));
  await settled();
});

interface Sent {
  readonly joueurId: string;
  readonly message: unknown;
  readonly commandId: string;
  readonly answer: Answer;
}

/** One player's exchanges, step by step, from whatever node, as fast as they go. */
async function negotiate(joueurId: string, other: string, steps: number, random: () => number): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (let n = 0; n < steps; n += 1) {
    const node = random() < 0.5 ? left : right;
    const state = (await node.read(joueurId)) ?? player.initial;
    const { echange, or } = state.joueur;
    const slots = slotsInOrder(state.inventaire).filter(() => random() < 0.3);
    const objets = slots.map(({ slotId, quantite }) => ({ slotId, quantite: Math.ceil(random() * quantite) }));
    const what = random();
    const bothEmpty = echange !== null && echange.mienne.objets.length + echange.mienne.or === 0;
    const message =
      echange === null
        ? { type: "OuvrirEchange", avec: other }
        : what < (bothEmpty ? 0.8 : 0.2)
          ? { type: "ProposerOffre", or: Math.floor(random() * Math.min(or, 200)), objets }
          : what < 0.97
            ? { type: "ConfirmerEchange", revision: echange.revision }
            : { type: "AnnulerEchange" };
    const commandId = uuidv7();
    sent.push({ joueurId, message, commandId, answer: await node.step(joueurId, message, commandId) });
  }
  return sent;
}

/** What else a player does meanwhile with the same gold and goods. */
async function live(joueurId: string, steps: number, random: () => number): Promise<void> {
  for (let n = 0; n < steps; n += 1) {
    const node = random() < 0.5 ? left : right;
    const slots = slotsInOrder((await node.read(joueurId))?.inventaire ?? player.initial.inventaire);
    const slot = slots[Math.floor(random() * slots.length)];
    const what = random();
    if (what < 0.4)
      await node.send(joueurId, {
        type: "ModifierOr",
        delta: Math.floor(random() * 200) - 100,
        raison: "AUTRE",
        reference: "test",
      });
    else if (what < 0.6 && slot !== undefined)
      await node.send(joueurId, { type: "JeterItem", slotId: slot.slotId, quantite: 1 });
    else if (what < 0.8 && slot !== undefined)
      await node.send(joueurId, { type: "DiviserPile", slotId: slot.slotId, quantite: 1 });
    else await node.send(joueurId, receive(1, Math.ceil(random() * 5)));
    await sleep(random() * 20);
  }
}

test("[TRADE-11] exchanges and everything else from both sides and both nodes at once: all is conserved, commit by commit", async () => {
  const random = seededRandom(7);
  const [first, second] = await Promise.all([
    negotiate(ann, bob, 60, random),
    negotiate(bob, ann, 60, random),
    live(ann, 40, random),
    live(bob, 40, random),
  ]);
  const [ofAnn, ofBob] = [await logOf(store, ann), await logOf(store, bob)];
  const concluded = all(ofAnn, "ItemEchange");
  expect(concluded.length).toBeGreaterThan(0);
  expect(all(ofBob, "ItemEchange")).toHaveLength(concluded.length);

  // Each has its mirror, of the same transaction.
  const transactions = await transactionsOf([...ofAnn, ...ofBob]);
  for (const one of concluded) {
    const { echangeId, donnes, recus, or } = one.payload;
    const [mirror] = all(ofBob, "ItemEchange").filter(({ payload }) => payload.echangeId === echangeId);
    expect(mirror?.payload).toMatchObject({ avec: ann, donnes: recus, recus: donnes });
    expect((mirror?.payload.or ?? Number.NaN) + or).toBe(0);
    expect(mirror?.metadata.commandId).toBe(one.metadata.commandId);
    expect(transactions.get(mirror?.eventId ?? "")).toBe(transactions.get(one.eventId));
  }
  const pairs = [...ofAnn, ...ofBob].filter(
    ({ eventType }) => eventType.startsWith("Echange") || eventType === "OffreModifiee",
  );
  const byCommand = Map.groupBy(pairs, ({ metadata, eventType }) => `${metadata.commandId} ${eventType}`);
  for (const events of byCommand.values())
    expect(new Set(events.map(({ eventId }) => transactions.get(eventId))).size).toBe(1);
  expect([...byCommand.values()].filter(({ length }) => length !== 2)).toEqual([]);

  // What exchanges took from one they gave to the other; what is there is what everything else brought and took.
  const both = [...ofAnn, ...ofBob];
  const byExchange = all(both, "OrModifie").filter(({ payload }) => payload.raison === "ECHANGE");
  expect(byExchange.reduce((sum, { payload }) => sum + payload.delta, 0)).toBe(0);
  expect(byExchange.length).toBeGreaterThan(0);
  for (const itemId of [iid(1), iid(2)]) {
    const came = all(both, "ItemAjoute").filter(({ payload }) => payload.itemId === itemId);
    const went = all(both, "ItemRetire").filter(({ payload }) => payload.itemId === itemId);
    const sum = (events: readonly { payload: { quantite: number } }[]) =>
      events.reduce((all, { payload }) => all + payload.quantite, 0);
    expect(sum(came.filter(({ payload }) => payload.source === "ECHANGE"))).toBe(
      sum(went.filter(({ payload }) => payload.raison === "ECHANGE")),
    );
    const carried = [ofAnn, ofBob].flatMap((log) => Object.values(replayed(log).inventaire.slots));
    expect(carried.filter((slot) => slot.itemId === itemId).reduce((all, { quantite }) => all + quantite, 0)).toBe(
      sum(came) - sum(went),
    );
  }

  // Actors know what the log says, and nobody was told anything else.
  await settled();
  for (const { joueurId, message, commandId, answer } of [...first, ...second].filter((_, n) => n % 5 === 0))
    expect(await (answer.ok ? left : right).step(joueurId, message, commandId)).toEqual(answer);
  expect((await logOf(store, ann)).length + (await logOf(store, bob)).length).toBe(both.length);
  expect([left.faults, right.faults]).toEqual([[], []]);
});

/** The database's transaction of each event. */
async function transactionsOf(events: readonly StoredEvent[]): Promise<ReadonlyMap<string, string>> {
  const ids = events.map(({ eventId }) => eventId);
  const text = "SELECT event_id AS id, xmin::text AS tx FROM evenements WHERE event_id = ANY ($1)";
  const rows = await rowsOf<{ id: string; tx: string }>(database.url, text, [ids]);
  return new Map(rows.map(({ id, tx }) => [id, tx]));
}
