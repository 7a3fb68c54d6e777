import type { Decision } from "../decider.ts";
import { reject } from "../decider.ts";
import type { DomainEvent } from "../envelope.ts";

/** Every reason for which the catalogue refuses a command. The codes are public and stable. */
export const CATALOGUE_REJECTIONS = {
  DEFINITION_EXISTS: "this id is defined already, and otherwise",
  DEFINITION_NOT_FOUND: "nothing is defined under this id",
  DEFINITION_WITHDRAWN: "this definition has been withdrawn",
  INVALID_DEFINITION: "the definition contradicts itself",
} as const;

export type CatalogueRejectionCode = keyof typeof CATALOGUE_REJECTIONS;

export function refuse<E extends DomainEvent>(code: CatalogueRejectionCode, detail?: string): Decision<E> {
  return reject(code, detail ?? CATALOGUE_REJECTIONS[code]);
}
