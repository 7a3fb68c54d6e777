import type { CompetenceDefinitionCommand } from "./competence.ts";
import type { Definitions } from "./definitions.ts";
import type { ItemCommand } from "./item.ts";
import type { PnjDefinitionCommand } from "./pnj.ts";
import type { QueteDefinitionCommand } from "./quete.ts";

/** A command to one of the catalogue's aggregates; `id` is the aggregate's and the definition's. */
export type Seed =
  | { readonly type: "Item"; readonly id: string; readonly command: ItemCommand }
  | { readonly type: "Competence"; readonly id: string; readonly command: CompetenceDefinitionCommand }
  | { readonly type: "Quete"; readonly id: string; readonly command: QueteDefinitionCommand }
  | { readonly type: "PNJ"; readonly id: string; readonly command: PnjDefinitionCommand };

/** What fills a catalogue with `definitions`. May be done again at each start: what is there changes nothing, what was changed since stays ([CATALOG-1]). */
export function seedsOf({ items, competences, quetes, pnj }: Definitions): readonly Seed[] {
  return [
    ...Object.entries(items).map(
      ([id, definition]): Seed => ({ type: "Item", id, command: { type: "CreerItem", itemId: id, definition } }),
    ),
    ...Object.entries(competences).map(
      ([id, definition]): Seed => ({
        type: "Competence",
        id,
        command: { type: "DefinirCompetence", competenceId: id, definition },
      }),
    ),
    ...Object.entries(quetes).map(
      ([id, definition]): Seed => ({ type: "Quete", id, command: { type: "CreerQuete", queteId: id, definition } }),
    ),
    ...Object.entries(pnj).map(
      ([id, definition]): Seed => ({ type: "PNJ", id, command: { type: "CreerPnj", pnjId: id, definition } }),
    ),
  ];
}
