import { z } from "zod";
import { type DeepReadonly, whole } from "../combat/values.ts";

const id = z.uuid();
const reputation = whole(-1_000, 1_000);
const or = whole(1, 2_000_000_000);

/** Without `dialogueId` the non-player has nothing to say; `reponse` is the text of the choice. */
const dialogueDeclenche = z.object({
  joueurId: id,
  pnjId: id,
  nom: z.string(),
  dialogueId: z.string().max(40).optional(),
  texte: z.string().max(1_000),
  choixId: z.string().max(40).optional(),
  reponse: z.string().max(300).optional(),
});

const article = z.object({ itemId: id, prix: or, reputationMin: reputation });

/** What is offered, at the prices that this player pays until `expireA`; `rachatPourcent` of its value is paid for an item. */
const commerceOuvert = z.object({
  joueurId: id,
  pnjId: id,
  nom: z.string(),
  articles: z.array(article).max(100),
  rachatPourcent: whole(0, 100),
  expireA: z.iso.datetime(),
});

const reputationModifiee = z.object({
  joueurId: id,
  pnjId: id,
  avant: reputation,
  apres: reputation,
  raison: z.enum(["DIALOGUE", "QUETE"]),
  /** The dialogue and choice, or the quest. */
  reference: z.string().max(100),
});

export const relationPayloads = {
  DialogueDeclenche: dialogueDeclenche,
  CommerceOuvert: commerceOuvert,
  ReputationModifiee: reputationModifiee,
} as const;

type Payloads = {
  readonly [Type in keyof typeof relationPayloads]: DeepReadonly<z.infer<(typeof relationPayloads)[Type]>>;
};
export type RelationEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];
export type RaisonReputation = Payloads["ReputationModifiee"]["raison"];

const boutique = z.object({
  articles: z.array(article).max(100),
  rachatPourcent: whole(0, 100),
  expireA: z.iso.datetime(),
});

const relation = z.object({
  reputation,
  /** It has been talked to. */
  rencontre: z.boolean(),
  /** The choices that have been made, each of which counted once. */
  choix: z.array(z.object({ dialogueId: z.string(), choixId: z.string() })),
  boutique: boutique.nullable(),
});

export const relationsStateSchema = z.object({
  /** By pnjId. */
  pnj: z.record(id, relation),
});

export type RelationsState = DeepReadonly<z.infer<typeof relationsStateSchema>>;
export type Relation = RelationsState["pnj"][string];
export type Boutique = NonNullable<Relation["boutique"]>;

export const initialRelations: RelationsState = { pnj: {} };

const STRANGER: Relation = { reputation: 0, rencontre: false, choix: [], boutique: null };

/** How the player stands with a non-player; with one that it never met: at 0. */
export function relationTo(state: RelationsState, pnjId: string): Relation {
  return state.pnj[pnjId] ?? STRANGER;
}

export function choiceMade(relation: Relation, dialogueId: string, choixId: string): boolean {
  return relation.choix.some((one) => one.dialogueId === dialogueId && one.choixId === choixId);
}

function talked(relation: Relation, { dialogueId, choixId }: Payloads["DialogueDeclenche"]): Relation {
  const met = { ...relation, rencontre: true };
  if (dialogueId === undefined || choixId === undefined || choiceMade(relation, dialogueId, choixId)) return met;
  return { ...met, choix: [...relation.choix, { dialogueId, choixId }] };
}

function shopOf({ articles, rachatPourcent, expireA }: Payloads["CommerceOuvert"]): Boutique {
  return { articles, rachatPourcent, expireA };
}

export function evolveRelations(state: RelationsState, event: RelationEvent): RelationsState {
  const { pnjId } = event.payload;
  const before = relationTo(state, pnjId);
  const put = (after: Relation): RelationsState => ({ ...state, pnj: { ...state.pnj, [pnjId]: after } });
  switch (event.eventType) {
    case "DialogueDeclenche":
      return put(talked(before, event.payload));
    case "CommerceOuvert":
      return put({ ...before, boutique: shopOf(event.payload) });
    case "ReputationModifiee":
      return put({ ...before, reputation: event.payload.apres });
  }
}
