import type { Definitions, PnjDefinition } from "../catalogue/definitions.ts";
import { type Draft, emit } from "./draft.ts";
import type { PlayerRejectionCode } from "./rejections.ts";
import { choiceMade, relationTo } from "./relations.ts";
import { changeReputation } from "./reputation.ts";

interface Words {
  readonly pnjId: string;
  readonly dialogueId?: string | undefined;
  readonly choixId?: string | undefined;
}

type Dialogue = PnjDefinition["dialogues"][number];

/** [REL-1]: the dialogue that is named, or the first; a non-player without any listens, and says nothing. */
function dialogueOf(pnj: PnjDefinition, words: Words): Dialogue | undefined | PlayerRejectionCode {
  if (words.dialogueId === undefined) return pnj.dialogues[0];
  return pnj.dialogues.find((one) => one.dialogueId === words.dialogueId) ?? "UNKNOWN_DIALOGUE";
}

export function talk(draft: Draft, words: Words, known: Definitions): PlayerRejectionCode | undefined {
  const { pnjId, choixId } = words;
  const pnj = known.pnj[pnjId];
  if (pnj === undefined) return "UNKNOWN_NPC";
  const dialogue = dialogueOf(pnj, words);
  if (typeof dialogue === "string") return dialogue;
  const choice = choixId === undefined ? undefined : dialogue?.choix.find((one) => one.choixId === choixId);
  if (choixId !== undefined && choice === undefined) return "UNKNOWN_CHOICE";
  const first =
    dialogue !== undefined &&
    choice !== undefined &&
    !choiceMade(relationTo(draft.state.relations, pnjId), dialogue.dialogueId, choice.choixId);
  emit(draft, {
    eventType: "DialogueDeclenche",
    payload: {
      joueurId: draft.state.joueur.joueurId,
      pnjId,
      nom: pnj.nom,
      ...(dialogue === undefined ? {} : { dialogueId: dialogue.dialogueId }),
      texte: dialogue?.texte ?? "",
      ...(choice === undefined ? {} : { choixId: choice.choixId, reponse: choice.texte }),
    },
  });
  if (first) changeReputation(draft, pnjId, choice.reputation, "DIALOGUE", `${dialogue.dialogueId}/${choice.choixId}`);
  return undefined;
}
