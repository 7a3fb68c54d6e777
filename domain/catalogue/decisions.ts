import { accept, type Decision } from "../decider.ts";
import type { DomainEvent } from "../envelope.ts";
import { type Authored, type Change, type Changes, changed, changeOf, isEmpty, sameJson } from "./authored.ts";
import { refuse } from "./rejections.ts";

/** What a command to define or to change something leads to, whatever the kind. `problems` says what no single field can tell. */
type Problems<Definition> = (definition: Definition, id: string) => readonly string[];

/** [CATALOG-1]: once for each id; the very same definition again changes nothing. */
export function define<Definition, E extends DomainEvent>(
  state: Authored<Definition>,
  id: string,
  definition: Definition,
  problems: Problems<Definition>,
  created: () => E,
): Decision<E> {
  // A stream that holds other events than a definition's belongs to a player: nothing is ever defined there.
  if (state.version > 0) return sameAs(state, id, definition) ? accept([]) : refuse("DEFINITION_EXISTS");
  const found = problems(definition, id);
  return found.length > 0 ? refuse("INVALID_DEFINITION", found.join("; ")) : accept([created()]);
}

function sameAs<Definition>(state: Authored<Definition>, id: string, definition: Definition): boolean {
  return state.id === id && !state.retire && sameJson(state.definition, definition);
}

/** [CATALOG-2]: only what really changes; nothing, no event. */
export function amend<Definition extends object, E extends DomainEvent>(
  state: Authored<Definition>,
  id: string,
  changements: Changes<Definition>,
  problems: Problems<Definition>,
  modified: (change: Change<Definition>) => readonly E[],
): Decision<E> {
  const { definition } = state;
  if (definition === null || state.id !== id) return refuse("DEFINITION_NOT_FOUND");
  if (state.retire) return refuse("DEFINITION_WITHDRAWN");
  const change = changeOf(definition, changements);
  if (isEmpty(change)) return accept([]);
  const found = problems(changed(definition, change), id);
  return found.length > 0 ? refuse("INVALID_DEFINITION", found.join("; ")) : accept(modified(change));
}
