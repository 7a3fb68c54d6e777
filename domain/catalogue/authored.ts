import { z } from "zod";
import type { EventDefinitions } from "../decider.ts";
import type { DomainEvent } from "../envelope.ts";

/** What the four kinds of definitions have in common: how they are stored, and how they change. */

/** The state of one definition. `version` counts every event of the stream; `definition` is null before the first. */
export interface Authored<Definition> {
  readonly version: number;
  readonly id: string;
  readonly definition: Definition | null;
  readonly retire: boolean;
}

/** What an author wants changed; null takes an optional field away. */
export type Changes<Definition> = { readonly [Key in keyof Definition]?: Definition[Key] | null };

/** The fields that changed, before and after. One that is only in `avant` has gone, one that is only in `apres` is new. */
export interface Change<Definition> {
  readonly avant: Partial<Definition>;
  readonly apres: Partial<Definition>;
}

export const UNDEFINED = { version: 0, id: "", definition: null, retire: false } as const;

function withoutDefault(field: z.core.$ZodType): z.core.$ZodType {
  return field instanceof z.ZodDefault ? field.unwrap() : field;
}

/** Some of the fields of a definition. Not `partial()`: that would fill in the defaults of what is left out. */
export function someOf<Definition>(schema: z.ZodObject): z.ZodType<Partial<Definition>> {
  const fields = Object.entries(schema.shape).map(([key, field]) => [key, z.optional(withoutDefault(field))]);
  return z.object(Object.fromEntries(fields)) as unknown as z.ZodType<Partial<Definition>>;
}

/** The form of `Changes`: what has no default may be left out of a definition, and only that can be taken away. */
export function changesOf<Definition>(schema: z.ZodObject): z.ZodType<Changes<Definition>> {
  const fields = Object.entries(schema.shape).map(([key, field]) => {
    const plain = z.optional(withoutDefault(field));
    return [key, field instanceof z.ZodOptional ? z.nullable(plain) : plain];
  });
  return z.strictObject(Object.fromEntries(fields)) as unknown as z.ZodType<Changes<Definition>>;
}

export function changeSchema<Definition>(schema: z.ZodObject) {
  return { avant: someOf<Definition>(schema), apres: someOf<Definition>(schema) };
}

export function authoredSchema<Definition>(definition: z.ZodType<Definition>): z.ZodType<Authored<Definition>> {
  return z.object({
    version: z.int().min(0),
    id: z.union([z.uuid(), z.literal("")]),
    definition: z.nullable(definition),
    retire: z.boolean(),
  });
}

/** Whether two JSON values say the same, whatever the order of their keys. */
export function sameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const left = Object.entries(one).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(other).filter(([, value]) => value !== undefined));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && sameJson(value, right.get(key)));
}

/** What `changes` would really change of `definition`. */
export function changeOf<Definition extends object>(
  definition: Definition,
  changes: Changes<Definition>,
): Change<Definition> {
  const before = new Map<string, unknown>(Object.entries(definition));
  const changed = Object.entries(changes).filter(
    ([key, value]) => value !== undefined && !sameJson(value, before.get(key) ?? null),
  );
  const pick = (pairs: readonly (readonly [string, unknown])[]): Partial<Definition> =>
    Object.fromEntries(
      pairs.filter(([, value]) => value !== undefined && value !== null),
    ) as unknown as Partial<Definition>;
  return { avant: pick(changed.map(([key]) => [key, before.get(key)])), apres: pick(changed) };
}

export function isEmpty<Definition>({ avant, apres }: Change<Definition>): boolean {
  return Object.keys(avant).length === 0 && Object.keys(apres).length === 0;
}

/** The definition after a change: fields of `avant` go, those of `apres` come. */
export function changed<Definition extends object>(
  definition: Definition,
  { avant, apres }: Change<Definition>,
): Definition {
  const kept = Object.fromEntries(Object.entries(definition).filter(([key]) => !(key in avant)));
  return { ...kept, ...apres } as Definition;
}

/** Folds an event of a definition's life: a definition, a change of it, or its end. Of nothing, a change makes nothing. */
export function defined<Definition>(
  state: Authored<Definition>,
  id: string,
  definition: Definition,
): Authored<Definition> {
  return { version: state.version + 1, id, definition, retire: false };
}

export function amended<Definition extends object>(
  state: Authored<Definition>,
  change: Change<Definition>,
): Authored<Definition> {
  const { definition } = state;
  return {
    ...state,
    version: state.version + 1,
    definition: definition === null ? null : changed(definition, change),
  };
}

/**
 * `evolve` for streams whose aggregate type players use as well: another's event counts, and means nothing. So an author who
 * takes a player's stream for a definition is refused.
 */
export function among<Definition, E extends DomainEvent>(
  own: EventDefinitions,
  evolve: (state: Authored<Definition>, event: E) => Authored<Definition>,
): (state: Authored<Definition>, event: E) => Authored<Definition> {
  return (state, event) =>
    Object.hasOwn(own, event.eventType) ? evolve(state, event) : { ...state, version: state.version + 1 };
}
