import fc from "fast-check";
import type { ItemDefinition } from "../../domain/catalogue/definitions.ts";
import { itemDefinition } from "../../domain/catalogue/definitions.ts";
import { type ItemCommand, item } from "../../domain/catalogue/item.ts";
import type { AggregateType, DomainEvent, StoredEvent } from "../../domain/envelope.ts";
import type { MarketCommand } from "../../domain/market/commands.ts";
import { market } from "../../domain/market/market.ts";
import type { MarketState } from "../../domain/market/state.ts";
import { commandOf, type Gesture, gesture } from "../domain/market/arbitrary.ts";
import { ITEM, iid, T0 } from "../domain/market/helper.ts";
import { stored } from "./world-support.ts";

/** Item n of the tests has a book of its own when n is 1 or 3. */
export const OTHER = iid(3);

/** The same command for the other book. */
function moved(command: MarketCommand): MarketCommand {
  const text = JSON.stringify(command).replaceAll(ITEM, OTHER).replaceAll('"0d000000', '"0dff0000');
  return JSON.parse(text) as MarketCommand;
}

export const definition: ItemDefinition = itemDefinition.parse({
  nom: "Sauge",
  typeItem: "MATERIAU",
  empilable: true,
  stackMax: 99,
  usage: undefined,
});

/** What may happen next: in a book, or to an item. */
type Move =
  | { readonly kind: "market"; readonly other: boolean; readonly gesture: Gesture; readonly gap: number }
  | { readonly kind: "item"; readonly which: number; readonly command: ItemChange; readonly gap: number };
type ItemChange = "CREATE" | "WITHDRAW" | { readonly [Key in keyof ItemDefinition]?: ItemDefinition[Key] | null };

const gap = fc.constantFrom(1, 1, 1, 2, 7);
const change: fc.Arbitrary<ItemChange> = fc.oneof(
  fc.constant<ItemChange>("CREATE"),
  fc.constant<ItemChange>("WITHDRAW"),
  fc.record<ItemChange & object>(
    {
      nom: fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }),
      valeurOr: fc.nat(1_000_000_000),
      rarete: fc.constantFrom("COMMUN" as const, "EPIQUE" as const),
      echangeable: fc.boolean(),
      iconeUrl: fc.constantFrom("a.png", null),
      recetteCraft: fc.constantFrom([{ itemId: iid(9), quantite: 2 }], null),
      effets: fc.constantFrom([], [{ type: "EXPERIENCE" as const, montant: 5 }]),
    },
    { requiredKeys: [] },
  ),
);

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("market" as const), other: fc.boolean(), gesture, gap }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("item" as const), which: fc.nat(4), command: change, gap }),
  },
);

export interface EconomyLog {
  readonly log: readonly StoredEvent[];
  readonly books: readonly MarketState[];
}

function itemCommandOf(itemId: string, what: ItemChange): ItemCommand {
  if (what === "CREATE") return { type: "CreerItem", itemId, definition };
  if (what === "WITHDRAW") return { type: "RetirerItem", itemId, raison: "test" };
  return { type: "ModifierItem", itemId, changements: what };
}

/** Two books and five items; what is refused leaves nothing. The deciders say what happens. */
function play(moves: readonly Move[]): EconomyLog {
  const log: StoredEvent[] = [];
  const items = new Map<string, ReturnType<typeof item.evolve>>();
  const books: [MarketState, MarketState] = [market.initial, market.initial];
  let now = T0;
  let sequence = 0;
  const write = (events: readonly DomainEvent[], by: number, type: AggregateType): void => {
    for (const event of events) {
      sequence += by;
      log.push(stored(event, sequence, now, type));
    }
  };
  const tellItem = (itemId: string, what: ItemChange, by: number): void => {
    const state = items.get(itemId) ?? item.initial;
    const decision = item.decide(state, itemCommandOf(itemId, what), { now });
    if (!decision.ok) return;
    items.set(itemId, decision.events.reduce(item.evolve, state));
    write(decision.events, by, "Item");
  };
  // The book takes the item of its first order for its own, also a wrong one: the server sees to it that there is none.
  for (const itemId of [ITEM, iid(2), OTHER]) tellItem(itemId, "CREATE", 1);
  for (const [n, next] of moves.entries()) {
    if (next.kind === "item") {
      tellItem(iid(next.which), next.command, next.gap);
      continue;
    }
    now += next.gesture[4];
    const at = next.other ? 1 : 0;
    const command = commandOf(books[at], n + 1, now, next.gesture);
    const decision = market.decide(books[at], next.other ? moved(command) : command, { now });
    if (!decision.ok) continue;
    books[at] = decision.events.reduce(market.evolve, books[at]);
    write(decision.events, next.gap, "Economy");
  }
  return { log, books };
}

export const economyLog: fc.Arbitrary<EconomyLog> = fc
  .array(move, { minLength: 40, maxLength: 250, size: "max" })
  .map(play);
