import type { Authored } from "./authored.ts";
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

function pick<Definition>(
  entries: ReadonlyMap<string, Authored<Definition>>,
  id: string | undefined,
): Record<string, Definition> {
  const definition = id === undefined ? null : (entries.get(id)?.definition ?? null);
  return id === undefined || definition === null ? {} : { [id]: definition };
}

/**
 * [CATALOG-6]: the definitions that a command speaks of, by its fields itemId, competenceId, queteId, pnjId and objets[].itemId,
 * and the items that its quest gives. What is not defined, or was withdrawn, is left out. Costs by what it finds, not by the
 * catalogue's size.
 */
export function definitionsFor(command: object, catalogue: Catalogue): Definitions {
  const queteId = idIn(command, "queteId");
  const promised = queteId === undefined ? [] : [...(catalogue.promis.get(queteId) ?? [])];
  const items = [...itemsOf(command), ...promised].flatMap((itemId) => {
    const definition = itemIn(catalogue, itemId);
    return definition === undefined ? [] : [[itemId, definition] as const];
  });
  return {
    items: Object.fromEntries(items),
    competences: pick(catalogue.competences, idIn(command, "competenceId")),
    quetes: pick(catalogue.quetes, queteId),
    pnj: pick(catalogue.pnj, idIn(command, "pnjId")),
  };
}

/** A command as it comes, before its definitions are looked up. */
export type Unfilled<Command> = Command extends { readonly definitions: Definitions }
  ? Omit<Command, "definitions">
  : Command;
