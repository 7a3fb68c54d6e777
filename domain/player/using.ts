import type { EffetItem } from "../catalogue/definitions.ts";
import type { Ressource } from "../combat/values.ts";
import type { Bonus } from "../values.ts";
import { weightWithout } from "./carrying.ts";
import type { CommandOf } from "./commands.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import { gainExperience } from "./experience.ts";
import { MAX_CAPACITY, MAX_WEIGHT, type Slot } from "./inventaire.ts";
import { addBonus } from "./item-instance.ts";
import type { Vitaux } from "./joueur.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import { changeValues } from "./stats.ts";
import { currentVitals, setVitals } from "./vitals.ts";
import { wearRefused } from "./wearing.ts";

/** [USE-4] */
const MAX_EFFECTS = 10;

const VITAL_OF: Readonly<Record<Ressource, keyof Vitaux>> = {
  HP: "hpActuel",
  MP: "mpActuel",
  STAMINA: "staminaActuel",
};

type Effect<Type extends EffetItem["type"]> = Extract<EffetItem, { type: Type }>;

/** [USE-4]: an item's timed effects are one, which is there once; using it again begins it anew. */
function beginBonus(
  draft: Draft,
  { itemId, proprietes }: Slot,
  effets: readonly Effect<"BONUS">[],
): PlayerRejectionCode | undefined {
  if (effets.length === 0) return undefined;
  const others = draft.state.joueur.bonus.filter((one) => one.itemId !== itemId && Date.parse(one.expireA) > draft.now);
  if (others.length >= MAX_EFFECTS) return "TOO_MANY_EFFECTS";
  const stats = effets.reduce<Bonus>((sum, one) => addBonus(sum, one.stats), {});
  const expireA = isoTime(draft.now + Math.max(...effets.map((one) => one.dureeMs)));
  const bonus = { itemId, nom: proprietes.nom, stats, expireA };
  changeValues(draft, { raison: "OBJET", reference: itemId, apres: {}, bonus });
  return undefined;
}

/** [USE-5] */
function enlarge(
  draft: Draft,
  itemId: string,
  effet: Effect<"CAPACITE">,
  times: number,
): PlayerRejectionCode | undefined {
  const { inventaire, joueur } = draft.state;
  const capacite = Math.min(MAX_CAPACITY, inventaire.capacite + effet.capacite * times);
  const poidsMax = Math.min(MAX_WEIGHT, inventaire.poidsMax + effet.poidsMax * times);
  const ajout = { capacite: capacite - inventaire.capacite, poidsMax: poidsMax - inventaire.poidsMax };
  if (ajout.capacite === 0 && ajout.poidsMax === 0) return "CAPACITY_AT_LIMIT";
  const { joueurId } = joueur;
  emit(draft, {
    eventType: "CapaciteModifiee",
    payload: { joueurId, capacite, poidsMax, ajout, raison: "OBJET", reference: itemId },
  });
  return undefined;
}

function apply(draft: Draft, slot: Slot, effet: EffetItem, times: number): PlayerRejectionCode | undefined {
  switch (effet.type) {
    case "SOIN": {
      const vital = VITAL_OF[effet.ressource];
      const healed = currentVitals(draft.state, draft.now)[vital] + effet.puissance * times;
      setVitals(draft, { [vital]: healed }, "OBJET", slot.itemId);
      return undefined;
    }
    case "EXPERIENCE":
      return gainExperience(draft, effet.montant * times, "OBJET", slot.itemId);
    case "CAPACITE":
      return enlarge(draft, slot.itemId, effet, times);
    case "BONUS":
    case "ENCHANTEMENT":
      return undefined;
  }
}

/** [USE-1] to [USE-5] */
export function useItem(draft: Draft, command: CommandOf<"UtiliserItem">): PlayerRejectionCode | undefined {
  const { inventaire, joueur } = draft.state;
  const { slotId, quantite } = command;
  const slot = inventaire.slots[slotId];
  if (slot === undefined) return "UNKNOWN_SLOT";
  const effets = slot.proprietes.effets.filter((one) => one.type !== "ENCHANTEMENT");
  if (effets.length === 0) return "NOT_USABLE";
  if (slot.emplacement !== null) return "ITEM_WORN";
  if (slot.quantite < quantite) return "NOT_ENOUGH_ITEMS";
  const refused = wearRefused(draft.state, slot);
  if (refused !== undefined) return refused;
  if (quantite > 1 && effets.some((one) => one.type === "BONUS")) return "ONE_AT_A_TIME";
  const { joueurId } = joueur;
  emit(draft, {
    eventType: "ItemUtilise",
    payload: {
      joueurId,
      itemId: slot.itemId,
      slotId,
      position: slot.position,
      quantite,
      quantiteApres: slot.quantite - quantite,
      reference: joueurId,
      poidsActuel: weightWithout(inventaire, slot, quantite),
      cible: joueurId,
      effets,
    },
  });
  for (const effet of effets) {
    const failed = apply(draft, slot, effet, quantite);
    if (failed !== undefined) return failed;
  }
  return beginBonus(
    draft,
    slot,
    effets.filter((one) => one.type === "BONUS"),
  );
}
