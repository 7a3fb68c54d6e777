import type { Definitions } from "../catalogue/definitions.ts";
import { giveItem, takeFromSlot } from "./carrying.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import { moveGold } from "./gold.ts";
import { isUntouched } from "./item-instance.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import { type Boutique, relationTo } from "./relations.ts";

/** [SHOP-1]: below it a merchant does not trade. */
const LOWEST_REPUTATION = -500;
/** [SHOP-3]: ms for which the prices hold. */
const OPEN_MS = 600_000;

/** [SHOP-2]: percent off the price; below 0 it is percent on top. */
export function discountOf(reputation: number): number {
  return Math.max(-10, Math.min(20, Math.trunc(reputation / 50)));
}

/** [SHOP-2]: rounded down, and never for nothing. */
export function priceFor(prix: number, reputation: number): number {
  return Math.max(1, Math.floor((prix * (100 - discountOf(reputation))) / 100));
}

/** [SHOP-6]: for one piece; never more than the shop itself asks for one (`prix`, where it sells it). */
export function buybackFor(valeur: number, rachatPourcent: number, prix = Number.POSITIVE_INFINITY): number {
  return Math.min(prix, Math.floor((valeur * rachatPourcent) / 100));
}

export function openShop(draft: Draft, pnjId: string, known: Definitions): PlayerRejectionCode | undefined {
  const pnj = known.pnj[pnjId];
  if (pnj === undefined) return "UNKNOWN_NPC";
  if (pnj.commerce === undefined) return "NOT_A_MERCHANT";
  const { reputation } = relationTo(draft.state.relations, pnjId);
  if (reputation < LOWEST_REPUTATION) return "REPUTATION_TOO_LOW";
  const articles = pnj.commerce.articles
    .filter((one) => one.reputationMin <= reputation)
    .map((one) => ({ ...one, prix: priceFor(one.prix, reputation) }));
  emit(draft, {
    eventType: "CommerceOuvert",
    payload: {
      joueurId: draft.state.joueur.joueurId,
      pnjId,
      nom: pnj.nom,
      articles,
      rachatPourcent: pnj.commerce.rachatPourcent,
      expireA: isoTime(draft.now + OPEN_MS),
    },
  });
  return undefined;
}

/** [SHOP-3], [SHOP-7] */
function shopFor(draft: Draft, pnjId: string): Boutique | PlayerRejectionCode {
  if (draft.state.joueur.combatId !== null) return "IN_COMBAT";
  const { boutique, reputation } = relationTo(draft.state.relations, pnjId);
  if (boutique === null || draft.now >= Date.parse(boutique.expireA)) return "SHOP_NOT_OPEN";
  return reputation < LOWEST_REPUTATION ? "REPUTATION_TOO_LOW" : boutique;
}

interface Purchase {
  readonly pnjId: string;
  readonly itemId: string;
  readonly quantite: number;
}

export function buy(draft: Draft, purchase: Purchase, known: Definitions): PlayerRejectionCode | undefined {
  const { pnjId, itemId, quantite } = purchase;
  const shop = shopFor(draft, pnjId);
  if (typeof shop === "string") return shop;
  const article = shop.articles.find((one) => one.itemId === itemId);
  if (article === undefined) return "NOT_SOLD_HERE";
  if (relationTo(draft.state.relations, pnjId).reputation < article.reputationMin) return "REPUTATION_TOO_LOW";
  const definition = known.items[itemId];
  if (definition === undefined) return "UNKNOWN_ITEM";
  return (
    moveGold(draft, -article.prix * quantite, "ACHAT_PNJ", pnjId) ??
    giveItem(draft, { itemId, definition, quantite, source: "PNJ", reference: pnjId, force: false })
  );
}

interface Sale {
  readonly pnjId: string;
  readonly slotId: string;
  readonly quantite: number;
}

/** [SHOP-5], [SHOP-6] */
export function sell(draft: Draft, { pnjId, slotId, quantite }: Sale): PlayerRejectionCode | undefined {
  const shop = shopFor(draft, pnjId);
  if (typeof shop === "string") return shop;
  const slot = draft.state.inventaire.slots[slotId];
  if (slot === undefined) return "UNKNOWN_SLOT";
  if (slot.emplacement !== null) return "ITEM_WORN";
  const { proprietes } = slot;
  if (!proprietes.echangeable || !proprietes.destructible || !isUntouched(proprietes)) return "NOT_BOUGHT";
  const asked = shop.articles.filter((one) => one.itemId === slot.itemId).map((one) => one.prix);
  const pays = buybackFor(proprietes.valeurOr, shop.rachatPourcent, Math.min(Number.POSITIVE_INFINITY, ...asked));
  if (pays === 0) return "NOT_BOUGHT";
  return (
    takeFromSlot(draft, slotId, quantite, "VENTE_PNJ", pnjId) ?? moveGold(draft, pays * quantite, "VENTE_PNJ", pnjId)
  );
}
