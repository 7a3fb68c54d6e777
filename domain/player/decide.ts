import { accept, type Decision, type DecisionContext } from "../decider.ts";
import { engage, leaveCombat } from "./battles.ts";
import { giveItem } from "./carrying.ts";
import type { CommandOf, PlayerCommand } from "./commands.ts";
import { create } from "./creation.ts";
import { type Draft, openDraft } from "./draft.ts";
import { decideExchange } from "./exchange.ts";
import { gainExperience } from "./experience.ts";
import { deliverGold, moveGold } from "./gold.ts";
import { changeClass, spendPoints } from "./growth.ts";
import { decideLife } from "./life.ts";
import { reserve, settle } from "./orders.ts";
import { destroy, merge, move, split, throwAway } from "./piles.ts";
import { connect, disconnect, erasePersonalData, joinGuild } from "./presence.ts";
import { progressQuests } from "./progress.ts";
import { type PlayerRejectionCode, rejection } from "./rejections.ts";
import { enchant, improve, repair } from "./smithing.ts";
import type { PlayerEvent, PlayerState } from "./state.ts";
import { useItem } from "./using.ts";
import { equip, unequip } from "./wearing.ts";

/** [FIGHT-3]: what would change what the combat took in. */
const NOT_IN_COMBAT: ReadonlySet<PlayerCommand["type"]> = new Set<PlayerCommand["type"]>([
  "DepenserPoints",
  "ChangerClasse",
  "EquiperItem",
  "DesequiperItem",
  "UtiliserItem",
  "JeterItem",
  "DetruireItem",
  "AmeliorerEquipement",
  "ReparerEquipement",
  "EnchanterEquipement",
  "ReserverOrdre",
  "OuvrirEchange",
  "ModifierOffre",
  "ConfirmerEchange",
]);

/** [FORGET-5]: what has begun comes to its end, so that nobody else loses by it; nothing else is taken. */
const OF_THE_ERASED: ReadonlySet<PlayerCommand["type"]> = new Set<PlayerCommand["type"]>([
  "EffacerDonneesPersonnelles",
  "GagnerExperience",
  "ModifierOr",
  "RecevoirItems",
  "CloturerCombat",
  "ReglerOrdre",
  "AnnulerEchange",
  "SeDeconnecter",
  "EchouerQuete",
  "ExpirerQuetes",
  "ProgresserObjectifs",
]);

/** [PURSE-2]: what comes in is owed and arrives; what goes out must be there. */
function changeGold(draft: Draft, command: CommandOf<"ModifierOr">): PlayerRejectionCode | undefined {
  const { delta, raison, reference } = command;
  if (delta <= 0) return moveGold(draft, delta, raison, reference);
  deliverGold(draft, delta, raison, reference);
  return undefined;
}

/** [BAG-5] */
function receive(draft: Draft, command: CommandOf<"RecevoirItems">): PlayerRejectionCode | undefined {
  const { objets, source, reference, definitions } = command;
  for (const { itemId, quantite } of objets) {
    const definition = definitions.items[itemId];
    if (definition === undefined) return "UNKNOWN_ITEM";
    const refused = giveItem(draft, { itemId, definition, quantite, source, reference, force: true });
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function perform(draft: Draft, command: PlayerCommand): PlayerRejectionCode | undefined {
  switch (command.type) {
    case "CreerJoueur":
      return create(draft, command);
    case "DepenserPoints":
      return spendPoints(draft, command);
    case "ChangerClasse":
      return changeClass(draft, command);
    case "EquiperItem":
      return equip(draft, command);
    case "DesequiperItem":
      return unequip(draft, command);
    case "UtiliserItem":
      return useItem(draft, command);
    case "DiviserPile":
      return split(draft, command);
    case "EmpilerItems":
      return merge(draft, command);
    case "DeplacerItem":
      return move(draft, command);
    case "JeterItem":
      return throwAway(draft, command);
    case "DetruireItem":
      return destroy(draft, command);
    case "AmeliorerEquipement":
      return improve(draft, command);
    case "ReparerEquipement":
      return repair(draft, command);
    case "EnchanterEquipement":
      return enchant(draft, command);
    case "GagnerExperience":
      return gainExperience(draft, command.montant, command.source, command.reference);
    case "ModifierOr":
      return changeGold(draft, command);
    case "RecevoirItems":
      return receive(draft, command);
    case "EngagerCombat":
      return engage(draft, command);
    case "CloturerCombat":
      return leaveCombat(draft, command);
    case "ReserverOrdre":
      return reserve(draft, command);
    case "ReglerOrdre":
      return settle(draft, command);
    case "OuvrirEchange":
    case "ModifierOffre":
    case "ConfirmerEchange":
    case "AnnulerEchange":
      return decideExchange(draft, command);
    case "SeConnecter":
      return connect(draft, command);
    case "SeDeconnecter":
      return disconnect(draft, command);
    case "RejoindreGuilde":
      return joinGuild(draft, command);
    case "EffacerDonneesPersonnelles":
      return erasePersonalData(draft, command);
    default:
      return decideLife(draft, command);
  }
}

/** [PLAYER-1], [PLAYER-2], [FIGHT-3], [FORGET-5]: what is refused whatever the command consists of. */
function refusedAtOnce({ joueur }: PlayerState, { type }: PlayerCommand): PlayerRejectionCode | undefined {
  const exists = joueur.joueurId !== "";
  if (joueur.efface && !OF_THE_ERASED.has(type)) return "PLAYER_ERASED";
  // Others may name somebody who never made a player: what they say is to be forgotten too.
  if (type === "EffacerDonneesPersonnelles") return undefined;
  if (type === "CreerJoueur") return exists ? "PLAYER_EXISTS" : undefined;
  if (!exists) return "PLAYER_NOT_FOUND";
  return joueur.combatId !== null && NOT_IN_COMBAT.has(type) ? "IN_COMBAT" : undefined;
}

/** What `command` leads to. Pure and total: whatever passes the command's schema is answered, on any state. */
export function decide(state: PlayerState, command: PlayerCommand, context: DecisionContext): Decision<PlayerEvent> {
  const draft = openDraft(state, context.now);
  const refused = refusedAtOnce(state, command) ?? perform(draft, command);
  if (refused !== undefined) {
    const theirs = "par" in command && command.par !== state.joueur.joueurId;
    return { ok: false, rejection: rejection(refused, theirs) };
  }
  progressQuests(draft);
  return accept(draft.events);
}
