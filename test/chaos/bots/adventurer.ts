import { setTimeout as sleep } from "node:timers/promises";
import type { PlayerCommandMessage, PlayerSnapshot } from "../../../client/client.ts";
import { ITEM, PNJ, QUEST, ZONE } from "../../../domain/catalogue/demo/ids.ts";
import { isOver } from "../../support/fight.ts";
import { askRest } from "../rest.ts";
import { type Bot, type BotWorld, oneOf, within } from "./bot.ts";
import { fight, joinFight } from "./fighting.ts";
import { arrive, type Person } from "./person.ts";

const WARES = [ITEM.potionDeSoin, ITEM.antidote, ITEM.bombeDePoix, ITEM.infusionDOrtie] as const;
const QUESTS = [QUEST.bienvenue, QUEST.bruitDansLaCave, QUEST.premiereLecon, QUEST.sEquiper] as const;
const VILLAGERS = [PNJ.oriane, PNJ.mirabelle, PNJ.gaspard] as const;

/** Lives a player's life: quests, shops, things, fights against rats, exchanges with whoever else is there. */
export function createAdventurer(name: string, n: number, world: BotWorld, others: () => readonly string[]): Bot {
  const { journal, random, over, apiUrl } = world;
  let person: Person | undefined;

  async function hunt({ id, client, own }: Person): Promise<void> {
    const rats = Array.from({ length: within(random, 1, 2) }, (_, i) => ({
      ...{ entiteId: PNJ.ratDesCaves, typeEntite: "PNJ", equipe: "B", position: 6 + i },
    }));
    const body = {
      ...{ typeCombat: "PVE", zone: { zoneId: ZONE.bourgClochette }, delaiPnjMs: 20, preparationMs: 15_000 },
      ...{ dureeTourMs: 3_000 },
      participants: [{ entiteId: id, typeEntite: "JOUEUR", equipe: "A", position: 5 }, ...rats],
    };
    const { combatId } = await askRest(apiUrl, journal, {
      ...{ method: "POST", path: "/combat/start", role: "service", userId: id, body },
      ...{ subject: { type: "Combat", id: "" }, type: "CommencerCombat" },
    });
    if (combatId === undefined) return;
    const fighting = await joinFight(world, client, combatId);
    await fight(fighting, id, () => within(random, 20, 150));
    await fighting.until(isOver);
    await fighting.leave();
    await own.until((s) => s.combatId === "");
  }

  /** One step of an exchange, whichever is next from where it stands. */
  function exchange(state: PlayerSnapshot): PlayerCommandMessage | undefined {
    if (state.echangeId === "") {
      const avec = oneOf(
        random,
        others().filter((id) => id !== person?.id),
      );
      return avec === undefined ? undefined : { type: "OuvrirEchange", avec };
    }
    const { offreMienne, offreSienne, echangeRevision } = state;
    if (random() < 0.1) return { type: "AnnulerEchange" };
    if (offreMienne.or + offreMienne.objets.length <= 2 && random() < 0.8) {
      const slot = oneOf(
        random,
        Object.values(state.slots).filter(({ emplacement }) => emplacement === ""),
      );
      const objets = slot === undefined ? [] : [{ slotId: slot.slotId, quantite: 1 }];
      return { type: "ProposerOffre", or: within(random, 0, Math.min(20, state.or)), objets };
    }
    if (offreMienne.confirmee && !offreSienne.confirmee && random() < 0.5) return undefined;
    return { type: "ConfirmerEchange", revision: echangeRevision };
  }

  function wish(state: PlayerSnapshot): PlayerCommandMessage | undefined {
    const slots = Object.values(state.slots);
    const slot = oneOf(random, slots);
    const slotId = slot?.slotId ?? crypto.randomUUID();
    const queteId = oneOf(random, QUESTS) ?? QUEST.bienvenue;
    const pnjId = PNJ.mirabelle;
    switch (within(random, 0, 15)) {
      case 0:
        return { type: "AccepterQuete", queteId };
      case 1:
        return { type: "TerminerQuete", queteId };
      case 2:
        return { type: "ParlerPnj", pnjId: oneOf(random, VILLAGERS) ?? PNJ.oriane };
      case 3:
        return { type: "OuvrirCommerce", pnjId };
      case 4:
      case 5:
        return { type: "AcheterPnj", pnjId, itemId: oneOf(random, WARES) ?? WARES[0], quantite: within(random, 1, 3) };
      case 6:
        return { type: "VendrePnj", pnjId, slotId, quantite: 1 };
      case 7:
        return { type: "EquiperItem", slotId };
      case 8:
        return slot === undefined || slot.emplacement === ""
          ? undefined
          : { type: "DesequiperItem", emplacement: slot.emplacement as "ARME_PRINCIPALE" };
      case 9:
        return { type: "UtiliserItem", slotId, quantite: 1 };
      case 10:
        return { type: "DeplacerItem", slotId, position: within(random, 0, 20) };
      case 11:
        return { type: "DiviserPile", slotId, quantite: 1 };
      case 12: {
        const like = slots.find((one) => one.itemId === slot?.itemId && one.slotId !== slotId);
        return like && { type: "EmpilerItems", deSlotId: slotId, versSlotId: like.slotId };
      }
      case 13:
        return { type: "JeterItem", slotId, quantite: 1 };
      default:
        return exchange(state);
    }
  }

  return {
    name,
    get playerId() {
      return person?.id;
    },
    async play() {
      person = await arrive(world, n);
      while (!over()) {
        await sleep(within(random, 40, 250));
        if (random() < 0.03) await hunt(person);
        const command = wish(person.own.state);
        if (command !== undefined) await person.own.command(command);
      }
      if (person.own.state.echangeId !== "") await person.own.command({ type: "AnnulerEchange" });
    },
    async askAgain(since) {
      await person?.own.askAgain(since);
    },
    async leave() {
      await person?.own.leave();
    },
  };
}
