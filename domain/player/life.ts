import type { Draft } from "./draft.ts";
import type { LifeCommand } from "./life-commands.ts";
import { talk } from "./npcs.ts";
import { advanceObjectives } from "./objectives.ts";
import { abandonQuest, acceptQuest, expireQuests, failQuest, finishQuest } from "./quests.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import { buy, openShop, sell } from "./shops.ts";
import { improveSkill, learnSkill, useSkill } from "./skills.ts";

/** What a command about skills, quests and non-players leads to; a draft whose command is refused is dropped. */
export function decideLife(draft: Draft, command: LifeCommand): PlayerRejectionCode | undefined {
  switch (command.type) {
    case "ApprendreCompetence":
      return learnSkill(draft, command.competenceId, command.definitions);
    case "AmeliorerCompetence":
      return improveSkill(draft, command.competenceId);
    case "UtiliserCompetence":
      return useSkill(draft, command.competenceId);
    case "AccepterQuete":
      return acceptQuest(draft, command.queteId, command.definitions);
    case "TerminerQuete":
      return finishQuest(draft, command.queteId, command.definitions);
    case "AbandonnerQuete":
      return abandonQuest(draft, command.queteId);
    case "EchouerQuete":
      return failQuest(draft, command.queteId);
    case "ExpirerQuetes":
      return expireQuests(draft);
    case "ProgresserObjectifs":
      advanceObjectives(draft, command.faits, command.reference);
      return undefined;
    case "ParlerPnj":
      return talk(draft, command, command.definitions);
    case "OuvrirCommerce":
      return openShop(draft, command.pnjId, command.definitions);
    case "AcheterPnj":
      return buy(draft, command, command.definitions);
    case "VendrePnj":
      return sell(draft, command);
  }
}
