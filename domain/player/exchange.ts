import { giveItem, takeFromSlot } from "./carrying.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import type { ExchangeCommand } from "./exchange-commands.ts";
import { moveGold } from "./gold.ts";
import { type ObjetTransfere, sameProperties } from "./item-instance.ts";
import { EXCHANGE_LASTS_MS, type Issue, type Negotiation, type Offre } from "./negotiation.ts";
import type { PlayerRejectionCode } from "./rejections.ts";

type CommandOf<Type extends ExchangeCommand["type"]> = Extract<ExchangeCommand, { type: Type }>;

/** [TRADE-5] */
function hasLapsed({ expireA }: Negotiation, now: number): boolean {
  return Date.parse(expireA) <= now;
}

function underWay(draft: Draft, { echangeId, par }: ExchangeCommand): Negotiation | "NO_EXCHANGE" {
  const { echange, joueurId } = draft.state.joueur;
  if (echange?.echangeId !== echangeId || hasLapsed(echange, draft.now)) return "NO_EXCHANGE";
  return par === joueurId || par === echange.avec ? echange : "NO_EXCHANGE";
}

function close(draft: Draft, { echangeId, avec, pseudoAvec }: Negotiation, issue: Issue, par: string | null): void {
  const { joueurId } = draft.state.joueur;
  const a = isoTime(draft.now);
  emit(draft, { eventType: "EchangeFerme", payload: { joueurId, echangeId, avec, pseudoAvec, par, issue, a } });
}

/** [TRADE-4], [TRADE-5] */
function open(draft: Draft, command: CommandOf<"OuvrirEchange">): PlayerRejectionCode | undefined {
  const { joueurId, echange } = draft.state.joueur;
  const { echangeId, par, avec, pseudoAvec } = command;
  if (avec === joueurId) return "SELF_EXCHANGE";
  if (par !== joueurId && par !== avec) return "NO_EXCHANGE";
  if (echange !== null) {
    if (!hasLapsed(echange, draft.now)) return "EXCHANGE_UNDER_WAY";
    close(draft, echange, "EXPIRE", null);
  }
  // Counted from the time on, a revision is never that of an offer in an earlier exchange ([TRADE-7]).
  const revision = Math.max(0, Math.floor(draft.now));
  const [a, expireA] = [isoTime(draft.now), isoTime(draft.now + EXCHANGE_LASTS_MS)];
  emit(draft, {
    eventType: "EchangeOuvert",
    payload: { joueurId, echangeId, avec, pseudoAvec, par, revision, expireA, a },
  });
  return undefined;
}

/** [TRADE-2], [TRADE-6]: why the player cannot give what it offers. */
function lacking({ state }: Draft, { or, objets }: Offre): PlayerRejectionCode | undefined {
  if (or > state.joueur.or) return "NOT_ENOUGH_GOLD";
  const offered = new Map<string, number>();
  for (const { slotId, itemId, quantite, proprietes } of objets) {
    const slot = state.inventaire.slots[slotId];
    if (slot === undefined) return "UNKNOWN_SLOT";
    if (slot.itemId !== itemId || !sameProperties(slot.proprietes, proprietes)) return "ITEM_CHANGED";
    if (!slot.proprietes.echangeable) return "NOT_TRADEABLE";
    if (slot.emplacement !== null) return "ITEM_WORN";
    const all = (offered.get(slotId) ?? 0) + quantite;
    if (all > slot.quantite) return "NOT_ENOUGH_ITEMS";
    offered.set(slotId, all);
  }
  return undefined;
}

/** [TRADE-6] */
function offer(draft: Draft, command: CommandOf<"ModifierOffre">): PlayerRejectionCode | undefined {
  const found = underWay(draft, command);
  if (found === "NO_EXCHANGE") return found;
  const { joueurId } = draft.state.joueur;
  const { echangeId, par, offre } = command;
  const refused = par === joueurId ? lacking(draft, offre) : undefined;
  if (refused !== undefined) return refused;
  const { avec, revision } = found;
  const expireA = isoTime(draft.now + EXCHANGE_LASTS_MS);
  emit(draft, {
    eventType: "OffreModifiee",
    payload: { joueurId, echangeId, avec, par, offre, revision: revision + 1, expireA },
  });
  return undefined;
}

function goodsOf({ objets }: Offre): ObjetTransfere[] {
  return objets.map(({ itemId, quantite, proprietes }) => ({ itemId, quantite, proprietes }));
}

/** [TRADE-1], [TRADE-8]: first all that is given, then all that is received; any refusal refuses the whole. */
function conclude(draft: Draft, found: Negotiation, par: string): PlayerRejectionCode | undefined {
  const { echangeId, avec, pseudoAvec, mienne, sienne } = found;
  const { joueurId } = draft.state.joueur;
  const refused = lacking(draft, mienne);
  if (refused !== undefined) return refused;
  const [donnes, recus] = [goodsOf(mienne), goodsOf(sienne)];
  const or = sienne.or - mienne.or;
  emit(draft, { eventType: "ItemEchange", payload: { joueurId, echangeId, avec, pseudoAvec, donnes, recus, or } });
  const unpaid = moveGold(draft, -mienne.or, "ECHANGE", echangeId) ?? moveGold(draft, sienne.or, "ECHANGE", echangeId);
  if (unpaid !== undefined) return unpaid;
  for (const { slotId, quantite } of mienne.objets) {
    const kept = takeFromSlot(draft, slotId, quantite, "ECHANGE", echangeId);
    if (kept !== undefined) return kept;
  }
  for (const received of recus) {
    const noRoom = giveItem(draft, { ...received, source: "ECHANGE", reference: echangeId, force: false });
    if (noRoom !== undefined) return noRoom;
  }
  close(draft, found, "CONCLU", par);
  return undefined;
}

/** [TRADE-3], [TRADE-7], [TRADE-8] */
function confirm(draft: Draft, command: CommandOf<"ConfirmerEchange">): PlayerRejectionCode | undefined {
  const found = underWay(draft, command);
  if (found === "NO_EXCHANGE") return found;
  const { echangeId, par, revision } = command;
  if (revision !== found.revision) return "STALE_OFFER";
  const { joueurId } = draft.state.joueur;
  const { avec, mienne, sienne } = found;
  if (mienne.or + sienne.or + mienne.objets.length + sienne.objets.length === 0) return "EMPTY_EXCHANGE";
  const [confirming, other] = par === joueurId ? [mienne, sienne] : [sienne, mienne];
  if (confirming.confirmee) return undefined;
  const expireA = isoTime(draft.now + EXCHANGE_LASTS_MS);
  emit(draft, { eventType: "EchangeConfirme", payload: { joueurId, echangeId, avec, par, revision, expireA } });
  return other.confirmee ? conclude(draft, found, par) : undefined;
}

/** [TRADE-9] */
function cancel(draft: Draft, command: CommandOf<"AnnulerEchange">): PlayerRejectionCode | undefined {
  const found = underWay(draft, command);
  if (found === "NO_EXCHANGE") return found;
  close(draft, found, "ANNULE", command.par);
  return undefined;
}

/** One player's half of a step. Both halves come from the same events, so what one gives is what the other gets. */
export function decideExchange(draft: Draft, command: ExchangeCommand): PlayerRejectionCode | undefined {
  switch (command.type) {
    case "OuvrirEchange":
      return open(draft, command);
    case "ModifierOffre":
      return offer(draft, command);
    case "ConfirmerEchange":
      return confirm(draft, command);
    case "AnnulerEchange":
      return cancel(draft, command);
  }
}
