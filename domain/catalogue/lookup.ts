import { type Catalogue, itemIn } from "./catalogue.ts";
import type { Definitions } from "./definitions.ts";

function idIn(command: object, key: string): string | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(command, key)?.value;
  return typeof value === "string" ? value : undefined;
}

function itemsOf(command: object): string[] {
  const objets: unknown = Object.getOwnPropertyDescriptor(command, "objets")?.value;
  const carried = Array.isArray(objets)
    ? objets.flatMap((one: unknown) => (typeof one === "object" && one !== null ? (idIn(one, "itemId") ?? []) : []))
    : [];
  return [idIn(command, "itemId") ?? [], carried].flat();
}

/** Ids of definitions, by kind. */
export type DefinitionIds = Readonly<Partial<Record<keyof Definitions, readonly string[]>>>;

function pick<Definition>(ids: readonly string[], find: (id: string) => Definition | null | undefined) {
  const found = ids.map((id) => [id, find(id)] as const);
  return Object.fromEntries(found.filter((pair): pair is readonly [string, Definition] => (pair[1] ?? null) !== null));
}

/** [CATALOG-7]: the definitions of those ids. What is not defined, or was withdrawn, is left out. */
export function definitionsOf(ids: DefinitionIds, catalogue: Catalogue): Definitions {
  return {
    items: pick(ids.items ?? [], (id) => itemIn(catalogue, id)),
    competences: pick(ids.competences ?? [], (id) => catalogue.competences.get(id)?.definition),
    quetes: pick(ids.quetes ?? [], (id) => catalogue.quetes.get(id)?.definition),
    pnj: pick(ids.pnj ?? [], (id) => catalogue.pnj.get(id)?.definition),
  };
}

/**
 * [CATALOG-6]: the definitions that a command speaks of, by its fields itemId, competenceId, queteId, pnjId and objets[].itemId,
 * and the items that its quest gives. Costs by what it finds, not by the catalogue's size.
 */
export function definitionsFor(command: object, catalogue: Catalogue): Definitions {
  const own = (key: string): string[] => [idIn(command, key) ?? []].flat();
  const quetes = own("queteId");
  const promised = quetes.flatMap((id) => [...(catalogue.promis.get(id) ?? [])]);
  return definitionsOf(
    { items: [...itemsOf(command), ...promised], competences: own("competenceId"), quetes, pnj: own("pnjId") },
    catalogue,
  );
}

/** A command as it comes, before its definitions are looked up. */
export type Unfilled<Command> = Command extends { readonly definitions: Definitions }
  ? Omit<Command, "definitions">
  : Command;
