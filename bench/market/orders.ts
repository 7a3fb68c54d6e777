import { randomUUID } from "node:crypto";
import type { MarketCommand, PlaceOrder } from "../../domain/market/commands.ts";

/** Commands without their book's item: the same course is played in every book. */
export interface Course {
  /** Orders that rest far from where trade goes on. */
  readonly preload: readonly PlaceOrder[];
  readonly commands: readonly MarketCommand[];
}

const PLAYERS = 1_000;

function randomOf(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * 90 % of the commands are orders of 1 … 10 pieces, as many sales as purchases: half of them offer at one of five prices of
 * their side, half take whatever is offered. 5 % are orders far away from there, 5 % cancel those again: the book stays as
 * deep as it was.
 */
export function createCourse(preloaded: number, length: number): Course {
  const random = randomOf(1);
  const whole = (below: number): number => Math.floor(random() * below);
  const players = Array.from({ length: PLAYERS }, () => randomUUID());
  let turn = 0;

  function order(typeOrdre: PlaceOrder["typeOrdre"], prixUnitaire: number): PlaceOrder {
    turn += 1;
    const player = turn % PLAYERS;
    return {
      type: "PlacerOrdre",
      ordreId: randomUUID(),
      joueurId: players[player] ?? "",
      pseudo: `Player ${player}`,
      typeOrdre,
      itemId: "",
      quantite: 1 + whole(10),
      prixUnitaire,
      expireA: null,
      proprietes: typeOrdre === "VENTE" ? { nom: "Épée longue", rarete: "RARE", durabilite: 87 } : {},
      echangeable: true,
    };
  }
  const far = (): PlaceOrder => (random() < 0.5 ? order("VENTE", 2_000 + whole(200)) : order("ACHAT", 1 + whole(200)));
  const near = (): PlaceOrder => {
    const takes = random() < 0.5;
    return random() < 0.5
      ? order("VENTE", takes ? 1_000 : 1_005 + whole(5))
      : order("ACHAT", takes ? 1_009 : 1_000 + whole(5));
  };

  const preload = Array.from({ length: preloaded }, far);
  const cancellable = [...preload];
  const commands: MarketCommand[] = [];
  while (commands.length < length) {
    const dice = whole(100);
    if (dice >= 10) commands.push(near());
    else if (dice >= 5) {
      const placed = far();
      cancellable.push(placed);
      commands.push(placed);
    } else {
      const [oldest] = cancellable.splice(0, 1);
      if (oldest !== undefined)
        commands.push({ type: "AnnulerOrdre", ordreId: oldest.ordreId, joueurId: oldest.joueurId });
    }
  }
  return { preload, commands };
}

/** The command as it is for one book. */
export function inBook(command: MarketCommand, itemId: string): MarketCommand {
  return command.type === "PlacerOrdre" ? { ...command, itemId } : command;
}
