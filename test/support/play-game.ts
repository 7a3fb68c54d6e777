import { itemCommand } from "../../domain/catalogue/item.ts";
import type { Answer } from "../../domain/codes.ts";
import type { StoredEvent } from "../../domain/envelope.ts";
import type { PlayerState } from "../../domain/player/state.ts";
import { combatStartBody, startCombat } from "../../rooms/combat-start.ts";
import type { Game, GameCommands } from "../../server/game.ts";
import type { EventStore } from "../../store/event-store.ts";
import { uuidv7 } from "../../store/uuid.ts";

type Message<K extends keyof GameCommands> = GameCommands[K];

export function commandTo<K extends keyof GameCommands>(
  game: Game,
  type: K,
  id: string,
  command: Message<K>,
  commandId = uuidv7(),
): Promise<Answer> {
  return game.commands.send(type, id, { commandId, command });
}

/** @throws when it is refused */
export async function done(answer: Answer | Promise<Answer>): Promise<Answer & { ok: true }> {
  const given = await answer;
  if (!given.ok) throw new Error(`refused: ${given.code} ${given.message}`);
  return given;
}

/** A thing of the catalogue that can be piled up, carried and traded. */
export async function createItem(game: Game, itemId = uuidv7()): Promise<string> {
  const definition = { nom: "Ware", typeItem: "MATERIAU", empilable: true, stackMax: 9_999, poids: 0 };
  await done(commandTo(game, "Item", itemId, itemCommand.parse({ type: "CreerItem", itemId, definition })));
  await game.catalogue.refresh();
  return itemId;
}

export async function withdrawItem(game: Game, itemId: string): Promise<void> {
  await done(commandTo(game, "Item", itemId, { type: "RetirerItem", itemId, raison: "test" }));
  await game.catalogue.refresh();
}

/** A new player with so much gold and such goods. */
export async function createPlayer(game: Game, or = 0, goods: Readonly<Record<string, number>> = {}): Promise<string> {
  const joueurId = uuidv7();
  const username = `u${joueurId.replaceAll("-", "").slice(-12)}`;
  const names = { username, pseudo: username } as const;
  await done(commandTo(game, "Joueur", joueurId, { type: "CreerJoueur", joueurId, ...names, classe: "GUERRIER" }));
  const reference = joueurId;
  if (or > 0)
    await done(commandTo(game, "Joueur", joueurId, { type: "ModifierOr", delta: or, raison: "CADEAU", reference }));
  for (const [itemId, quantite] of Object.entries(goods)) {
    const objets = [{ itemId, quantite }];
    await done(commandTo(game, "Joueur", joueurId, { type: "RecevoirItems", objets, source: "CADEAU", reference }));
  }
  return joueurId;
}

/** What is set aside for an order, without anybody placing it: that is the saga's. */
export function reserve(
  game: Game,
  joueurId: string,
  typeOrdre: "VENTE" | "ACHAT",
  [itemId, quantite, prixUnitaire]: readonly [string, number, number],
  ordreId = uuidv7(),
): Promise<Answer> {
  const order = { ordreId, typeOrdre, itemId, quantite, prixUnitaire, expireA: null };
  return commandTo(game, "Joueur", joueurId, { type: "ReserverOrdre", ...order });
}

/** A fight in the arena that the second player gives up at once. */
export async function concedeFight(game: Game, store: EventStore, one: string, other: string): Promise<string> {
  const combatId = uuidv7();
  const body = combatStartBody.parse({
    typeCombat: "ARENE",
    zone: { zoneId: uuidv7() },
    dureeTourMs: 600_000,
    recompenses: { experience: 40, or: 7 },
    participants: [one, other].map((entiteId, i) => ({ entiteId, typeEntite: "JOUEUR", equipe: `${i}`, position: i })),
  });
  const start = { combatId, commandId: uuidv7(), graine: "seed", userId: one, correlationId: uuidv7() };
  const services = { store, catalogue: () => game.catalogue.current, world: async () => undefined };
  await done(startCombat(body, start, { ...services, commands: game.commands }));
  await done(commandTo(game, "Combat", combatId, { type: "Conceder", joueurId: other }));
  return combatId;
}

export async function playerOf(game: Game, joueurId: string): Promise<PlayerState> {
  const state = await game.readPlayer(joueurId);
  if (state === undefined) throw new Error(`there is no player ${joueurId}`);
  return state;
}

/** What a player has, without ids. */
export async function figuresOf(game: Game, joueurId: string) {
  const { joueur, inventaire } = await playerOf(game, joueurId);
  const { or, cote, experience, combatId, ordres } = joueur;
  const pieces = Object.values(inventaire.slots).map(({ quantite }) => quantite);
  return { or, cote, experience, combatId, orders: Object.keys(ordres).length, pieces: pieces.sort((a, b) => a - b) };
}

export async function wholeLog(store: EventStore): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  const mark = await store.highWaterMark();
  for (let page = await store.readAll(0, mark); page.length > 0; ) {
    events.push(...page);
    page = await store.readAll(page.at(-1)?.sequence ?? mark, mark);
  }
  return events;
}
