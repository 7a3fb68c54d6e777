import fc from "fast-check";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { slotsInOrder } from "../../../domain/player/inventaire.ts";
import { raisonOr } from "../../../domain/player/joueur.ts";
import type { PlayerState } from "../../../domain/player/state.ts";
import { classe, emplacement, STATS } from "../../../domain/values.ts";
import { cid, creation, definitionOf, definitions, gift, ITEM_NAMES, itemOf, oid } from "./core-helper.ts";

/** A command in numbers, to be read against the state of the moment: what, with which thing, which else, how many. */
export type Gesture = readonly [kind: number, which: number, other: number, much: number];
const int = (min: number, max: number) => fc.integer({ min, max });
export const gesture: fc.Arbitrary<Gesture> = fc.tuple(int(0, 33), int(0, 30), int(0, 30), int(1, 1_000));

export const NOBODYS = "ffffffff-0000-4000-8000-000000000000";

function pick<Value>(list: readonly Value[], n: number): Value | undefined {
  return list[n % Math.max(1, list.length)];
}

function settlement(which: number, other: number, much: number): PlayerCommand {
  const name = pick(ITEM_NAMES, other) ?? "potion";
  return {
    type: "ReglerOrdre",
    ordreId: oid(which),
    reference: `tx-${which}`,
    or: much % 3 === 0 ? much * 1_000_000 : much,
    objets: much % 2 === 0 ? [{ itemId: itemOf(name), quantite: 1 + (much % 20), proprietes: definitionOf(name) }] : [],
    clos: much % 2 === 0,
    motif: much % 5 === 0 ? "ANNULE" : "TRANSACTION",
  };
}

function closing(combatId: string, which: number, other: number, much: number): PlayerCommand {
  return {
    type: "CloturerCombat",
    combatId,
    resultat: much % 3 === 0 ? "DEFAITE" : "VICTOIRE",
    ...(much % 4 === 0 ? {} : { vitaux: { hpActuel: much % 90, mpActuel: much, staminaActuel: other } }),
    objetsUtilises: { [itemOf(pick(ITEM_NAMES, which) ?? "potion")]: other },
    experience: much * 3,
    or: much,
    objets: much % 5 === 0 ? [{ itemId: itemOf(pick(ITEM_NAMES, other) ?? "potion"), quantite: 1 + (which % 5) }] : [],
    coteDelta: much - 500,
    definitions,
  };
}

/** Mostly what can be done with what is there; now and then with what is not. */
export function commandOf(state: PlayerState, [kind, which, other, much]: Gesture): PlayerCommand {
  const slots = slotsInOrder(state.inventaire);
  const mine = which === 30 ? undefined : pick(slots, which);
  const slotId = mine?.slotId ?? NOBODYS;
  const second = pick(slots, other)?.slotId ?? NOBODYS;
  const quantite = 1 + ((much - 1) % Math.max(1, mine?.quantite ?? 5));
  const name = pick(ITEM_NAMES, which) ?? "potion";
  switch (kind) {
    case 0:
      return creation();
    case 1:
      return { type: "DepenserPoints", stats: { [STATS[which % STATS.length] ?? "attaque"]: 1 + (much % 9) } };
    case 2:
      return { type: "ChangerClasse", classe: classe.options[which % 5] ?? "MAGE" };
    case 3:
    case 4:
    case 5:
      return {
        type: "EquiperItem",
        slotId,
        ...(other < 25 ? {} : { emplacement: pick(emplacement.options, other) ?? "COU" }),
      };
    case 6:
      return { type: "DesequiperItem", emplacement: pick(emplacement.options, which) ?? "COU" };
    case 7:
    case 8:
      return { type: "UtiliserItem", slotId, quantite: much % 3 === 0 ? quantite : 1 };
    case 9:
    case 10:
      return { type: "DiviserPile", slotId, quantite, ...(other < 15 ? {} : { position: much % 60 }) };
    case 11:
    case 12:
      return { type: "EmpilerItems", deSlotId: slotId, versSlotId: second };
    case 13:
      return { type: "DeplacerItem", slotId, position: much % 60 };
    case 14:
      return { type: "JeterItem", slotId, quantite };
    case 15:
      return { type: "DetruireItem", slotId, quantite };
    case 16:
    case 17:
      return { type: "AmeliorerEquipement", slotId };
    case 18:
      return { type: "ReparerEquipement", slotId };
    case 19:
      return { type: "EnchanterEquipement", slotId, materiauSlotId: second };
    case 20:
      return { type: "GagnerExperience", montant: much * much, source: "test", reference: "test" };
    case 21:
    case 22: {
      const delta = much % 9 === 0 ? 2_000_000_000 : much % 2 === 0 ? much * 10 : -much;
      return { type: "ModifierOr", delta, raison: pick(raisonOr.options, which) ?? "AUTRE", reference: "test" };
    }
    case 23:
    case 24:
    case 25:
      return gift([name, 1 + (much % 30)], [pick(ITEM_NAMES, other) ?? "sword", 1 + (much % 3)]);
    case 26:
      return { type: "EngagerCombat", combatId: cid(which % 3), typeCombat: "ARENE" };
    case 27:
    case 28:
      return closing(much % 6 === 0 ? cid(which) : (state.joueur.combatId ?? cid(1)), which, other, much);
    case 29:
      return {
        type: "ReserverOrdre",
        ordreId: oid(which),
        typeOrdre: much % 3 === 0 ? "ACHAT" : "VENTE",
        itemId: mine?.itemId ?? itemOf(name),
        quantite,
        prixUnitaire: much * (other === 30 ? 1_000_000 : 1),
        expireA: null,
      };
    case 30:
      return settlement(which, other, much);
    default:
      return which % 2 === 0
        ? { type: "SeConnecter", sessionId: `s${other}` }
        : { type: "RejoindreGuilde", guildeId: `g${other % 2}`, nom: "Guild" };
  }
}
