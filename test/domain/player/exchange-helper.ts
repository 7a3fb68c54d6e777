import type { ExchangeCommand } from "../../../domain/player/exchange-commands.ts";
import { type Slot, slotsInOrder } from "../../../domain/player/inventaire.ts";
import type { Negotiation, Offre } from "../../../domain/player/negotiation.ts";
import { player } from "../../../domain/player/player.ts";
import type { PayloadOf, PlayerEvent, PlayerEventType, PlayerState } from "../../../domain/player/state.ts";
import { given, iid, PLAYER_ID } from "./life-helper.ts";

export const ANN = PLAYER_ID;
export const BOB = "10000000-0000-4000-8000-000000000002";
export const CARL = "10000000-0000-4000-8000-000000000003";
export const xid = (n: number): string => `ec000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export type Players = Readonly<Record<string, PlayerState>>;
export type Step =
  | { readonly type: "OuvrirEchange"; readonly avec?: string }
  | { readonly type: "ModifierOffre"; readonly offre: Offre }
  | { readonly type: "ConfirmerEchange"; readonly revision?: number }
  | { readonly type: "AnnulerEchange" };

export function playerNamed(joueurId: string, pseudo: string): PlayerState {
  return given(player.initial, { type: "CreerJoueur", joueurId, username: "someone", pseudo, classe: "MAGE" });
}

export function pair(): Players {
  return { [ANN]: playerNamed(ANN, "Ann"), [BOB]: playerNamed(BOB, "Bob") };
}

export function stateOf(players: Players, joueurId: string): PlayerState {
  return players[joueurId] ?? player.initial;
}

export function exchangeOf(players: Players, joueurId: string): Negotiation {
  const { echange } = stateOf(players, joueurId).joueur;
  if (echange === null) throw new Error("no exchange");
  return echange;
}

/** The nth slot of item number n, as the whole of it is offered. */
export function slotWith(players: Players, joueurId: string, itemNumber: number, nth = 0): Slot {
  const found = slotsInOrder(stateOf(players, joueurId).inventaire).filter((one) => one.itemId === iid(itemNumber))[
    nth
  ];
  if (found === undefined) throw new Error(`no item ${itemNumber}`);
  return found;
}

export function offered({ slotId, itemId, proprietes }: Slot, quantite: number): Offre["objets"][number] {
  return { slotId, itemId, quantite, proprietes };
}

export interface Outcome {
  readonly players: Players;
  /** By player; nothing of either when it is refused. */
  readonly events: Readonly<Record<string, readonly PlayerEvent[]>>;
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** A step as the server has it done: the other side decides first, then the one whose step it is; both or neither. */
export function perform(players: Players, par: string, step: Step, now = 0, echangeId?: string): Outcome {
  const echange = stateOf(players, par).joueur.echange;
  const avec = (step.type === "OuvrirEchange" ? step.avec : undefined) ?? echange?.avec ?? (par === ANN ? BOB : ANN);
  const id = echangeId ?? (step.type === "OuvrirEchange" ? xid(1) : (echange?.echangeId ?? xid(1)));
  const next: Record<string, PlayerState> = { ...players };
  const events: Record<string, readonly PlayerEvent[]> = {};
  for (const [self, other] of [
    [avec, par],
    [par, avec],
  ] as const) {
    const decision = player.decide(stateOf(players, self), halfOf(step, id, par, other, players), { now });
    if (!decision.ok) return { players, events: {}, ...decision.rejection };
    events[self] = decision.events;
    next[self] = decision.events.reduce(player.evolve, stateOf(players, self));
  }
  return { players: next, events, code: undefined, message: undefined };
}

function halfOf(step: Step, echangeId: string, par: string, avec: string, players: Players): ExchangeCommand {
  switch (step.type) {
    case "OuvrirEchange":
      return { type: step.type, echangeId, par, avec, pseudoAvec: stateOf(players, avec).joueur.pseudo };
    case "ModifierOffre":
      return { type: step.type, echangeId, par, offre: step.offre };
    case "ConfirmerEchange": {
      const current = stateOf(players, par).joueur.echange ?? stateOf(players, avec).joueur.echange;
      return { type: step.type, echangeId, par, revision: step.revision ?? current?.revision ?? 0 };
    }
    case "AnnulerEchange":
      return { type: step.type, echangeId, par };
  }
}

/** The players after steps each of which has to be accepted. */
export function played(players: Players, ...steps: readonly (readonly [string, Step])[]): Players {
  return steps.reduce((now, [par, step]) => {
    const { players: next, code } = perform(now, par, step);
    if (code !== undefined) throw new Error(`${step.type} was refused: ${code}`);
    return next;
  }, players);
}

export function all<Type extends PlayerEventType>(
  events: readonly PlayerEvent[] | undefined,
  type: Type,
): PayloadOf<Type>[] {
  return (events ?? []).flatMap((event) => (event.eventType === type ? [event.payload as PayloadOf<Type>] : []));
}

/** All gold and goods of several players together, goods by what they are. */
export function wealth(players: Players): { or: number; goods: Record<string, number> } {
  const goods: Record<string, number> = {};
  let or = 0;
  for (const { joueur, inventaire } of Object.values(players)) {
    or += joueur.or;
    for (const { itemId, quantite, proprietes } of Object.values(inventaire.slots)) {
      const key = `${itemId} ${JSON.stringify(Object.entries(proprietes).sort(([one], [other]) => (one < other ? -1 : 1)))}`;
      goods[key] = (goods[key] ?? 0) + quantite;
    }
  }
  return { or, goods };
}
