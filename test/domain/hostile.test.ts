import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { z } from "zod";
import { type Catalogue, emptyCatalogue } from "../../domain/catalogue/catalogue.ts";
import { competence, competenceDefinitionCommand } from "../../domain/catalogue/competence.ts";
import { demoWorld } from "../../domain/catalogue/demo/demo-world.ts";
import { PNJ } from "../../domain/catalogue/demo/ids.ts";
import { item, itemCommand } from "../../domain/catalogue/item.ts";
import { definitionsFor } from "../../domain/catalogue/lookup.ts";
import { pnj, pnjDefinitionCommand } from "../../domain/catalogue/pnj.ts";
import { quete, queteDefinitionCommand } from "../../domain/catalogue/quete.ts";
import type { Aggregate } from "../../domain/decider.ts";
import type { DomainEvent } from "../../domain/envelope.ts";
import { marketCommand } from "../../domain/market/commands.ts";
import { market } from "../../domain/market/market.ts";
import { items as itemsOfRun } from "../../domain/market/runs.ts";
import { playerCommand, wirePlayerCommand } from "../../domain/player/commands.ts";
import { player } from "../../domain/player/player.ts";
import { wireWorldCommand, worldCommand } from "../../domain/world/commands.ts";
import { world } from "../../domain/world/world.ts";
import { fillPlayerCommand } from "../../rooms/catalogue-fill.ts";
import { wireMarketCommand } from "../../rooms/market-orders.ts";
import { breakage, broken, NASTY, valuesOf, withIds } from "../support/hostile.ts";

// Only for machines under load: alone, each takes some ten seconds.
vi.setConfig({ testTimeout: 120_000 });

const NOW = Date.parse("2026-01-01T12:00:00Z");
/** One piece that cannot be piled makes one event, and 20 sorts of 999 are the most that a saga gives at once. */
const MOST_EVENTS = 20 * 999 + 200;
/** Where a number may be below zero: changes, and what may be owed or disliked. */
const MAY_BE_NEGATIVE =
  /^(delta|avant|apres|reputation|reputationMin|minimum|coteDelta|initiative|precision|hpMax|mpMax|staminaMax|attaque|magie|defense|defenseMagique|esquive|blocage|critique|prochaineRegeneration|debut|valeurAttaque|valeurDefense|expireA|FEU|GLACE|FOUDRE|POISON|LUMIERE|OMBRE|PHYSIQUE)$/;

function nth<Value>(list: readonly Value[], n: number, otherwise: Value): Value {
  return list[n % Math.max(1, list.length)] ?? otherwise;
}

const KNOWN = {
  item: Object.keys(demoWorld.items),
  competence: Object.keys(demoWorld.competences),
  quete: Object.keys(demoWorld.quetes),
  pnj: [PNJ.oriane, ...Object.keys(demoWorld.pnj)],
  zone: demoWorld.monde.zones.map(({ zoneId }) => zoneId),
  ressource: demoWorld.monde.zones.flatMap(({ ressources }) => ressources.map(({ ressourceId }) => ressourceId)),
  evenement: Object.keys(demoWorld.evenements),
};
const id = (kind: number, n: number): string =>
  `${String(kind).padStart(8, "0")}-1111-4111-8111-${String(n).padStart(12, "0")}`;
const ME = id(1, 1);

const catalogue: Catalogue = {
  ...emptyCatalogue(),
  ...(Object.fromEntries(
    (["items", "competences", "quetes", "pnj"] as const).map((kind) => [
      kind,
      new Map(
        Object.entries(demoWorld[kind]).map(([one, definition]) => [
          one,
          { version: 1, id: one, retire: false, definition },
        ]),
      ),
    ]),
  ) as unknown as Pick<Catalogue, "items" | "competences" | "quetes" | "pnj">),
};

/** Mostly what there is; the last numbers are of what there is not. */
function meaning(key: string, n: number, own: Readonly<Record<string, readonly string[]>> = {}): string {
  const strange = id(9, n);
  if (n > 36) return strange;
  const mine = own[key];
  if (mine !== undefined) return nth(mine, n, strange);
  const kind = (Object.keys(KNOWN) as (keyof typeof KNOWN)[]).find((name) => key.startsWith(name));
  return kind === undefined ? id(2, n % 3) : nth(KNOWN[kind], n, strange);
}

/** Every number of a state, and where it is. */
function checkNumbers(value: unknown, opaque: boolean, key = ""): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error(`${key} is ${value}`);
    if (value < 0 && !MAY_BE_NEGATIVE.test(key)) throw new Error(`${key} is ${value}`);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, one] of Object.entries(value)) {
    // What goods are is their owner's affair: a book only hands it on.
    if (name !== "proprietes" || !opaque) checkNumbers(one, opaque, Array.isArray(value) ? key : name);
  }
}

interface Target<S, C, E extends DomainEvent> {
  readonly aggregate: Aggregate<S, C, E>;
  readonly schema: z.ZodType;
  readonly begin: readonly C[];
  readonly own: (state: S) => Readonly<Record<string, readonly string[]>>;
  readonly fill?: (command: C) => C;
}

/** One command after the other, each from the state that the last one left; what is not of its form stays outside. */
function attack<S, C, E extends DomainEvent>(
  { aggregate, schema, begin, own, fill = (command: C) => command }: Target<S, C, E>,
  steps: readonly { readonly message: unknown; readonly spoil: Parameters<typeof broken>[1] | null }[],
  count: (type: string) => void,
): void {
  let state = aggregate.initial;
  let now = NOW;
  const give = (command: C): boolean => {
    now += 45_000;
    const decision = aggregate.decide(state, fill(command), { now });
    if (!decision.ok) {
      expect(decision.rejection.code).toMatch(/^[A-Z_]+$/);
      return false;
    }
    if (decision.events.length > MOST_EVENTS)
      throw new Error(`${(command as { type: string }).type}: ${decision.events.length} events`);
    for (const event of decision.events) {
      const parsed = aggregate.events[event.eventType]?.schema.safeParse(event.payload);
      if (parsed?.success !== true)
        throw new Error(`${event.eventType} ${JSON.stringify(event.payload)}: ${parsed?.error.message}`);
      state = aggregate.evolve(state, event);
    }
    checkNumbers(state, aggregate.type === "Economy");
    return true;
  };
  for (const command of begin) expect(give(command)).toBe(true);
  for (const { message, spoil } of steps) {
    const meant = withIds(message, (key, n) => meaning(key, n, own(state)));
    const parsed = schema.safeParse(spoil === null ? meant : broken(meant, spoil).message);
    if (!parsed.success) continue;
    if (give(parsed.data as C)) count((parsed.data as { type: string }).type);
  }
  const kept = aggregate.snapshot.schema.safeParse(JSON.parse(JSON.stringify(state)));
  if (!kept.success) throw new Error(`the state is not of its shape: ${kept.error.message}`);
}

function survives<S, C, E extends DomainEvent>(target: Target<S, C, E>, runs: number, length: number): Set<string> {
  const accepted = new Set<string>();
  const step = fc.record({ message: valuesOf(target.schema), spoil: fc.option(breakage, { freq: 3, nil: null }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: length, maxLength: length, size: "max" }), (steps) => {
      attack(target, steps, (type) => accepted.add(type));
    }),
    { numRuns: runs, endOnFailure: true },
  );
  return accepted;
}

const given = (objets: readonly string[], reference: string) => ({
  type: "RecevoirItems" as const,
  objets: objets.map((itemId) => ({ itemId, quantite: 5 })),
  source: "CADEAU" as const,
  reference,
  definitions: definitionsFor({ objets: objets.map((itemId) => ({ itemId })) }, catalogue),
});

const SHOP = Object.entries(demoWorld.pnj).find(([, { commerce }]) => commerce !== undefined)?.[0] ?? "";

const thePlayer = {
  aggregate: player,
  begin: [
    { type: "CreerJoueur" as const, joueurId: ME, username: "alix", pseudo: "Alix", classe: "GUERRIER" as const },
    { type: "ModifierOr" as const, delta: 100_000, raison: "CADEAU" as const, reference: "test" },
    { type: "GagnerExperience" as const, montant: 20_000, source: "test", reference: "test" },
    given(KNOWN.item.slice(0, 20), "a"),
    given(KNOWN.item.slice(35, 50), "b"),
    { type: "ModifierOr" as const, delta: -99_800, raison: "AUTRE" as const, reference: "test" },
    { type: "OuvrirCommerce" as const, pnjId: SHOP, definitions: definitionsFor({ pnjId: SHOP }, catalogue) },
  ],
  own: (state: Parameters<typeof player.evolve>[0]) => {
    const slots = Object.keys(state.inventaire.slots).sort();
    const combat = state.joueur.combatId === null ? [id(3, 1)] : [state.joueur.combatId];
    return {
      slotId: slots,
      deSlotId: slots,
      versSlotId: [...slots].reverse(),
      materiauSlotId: [...slots].reverse(),
      ordreId: [...Object.keys(state.joueur.ordres), id(4, 1), id(4, 2)],
      combatId: combat,
      pnjId: [SHOP, ...KNOWN.pnj.slice(0, 2)],
      itemId: [
        ...Object.values(state.relations.pnj).flatMap(({ boutique }) =>
          (boutique?.articles ?? []).map((one) => one.itemId),
        ),
        ...KNOWN.item.slice(0, 30),
      ],
      competenceId: [...state.competences.apprises.map((one) => one.competenceId), ...KNOWN.competence],
      queteId: [...Object.keys(state.quetes.ouvertes), ...KNOWN.quete],
      joueurId: [ME],
    };
  },
};

describe("whatever is commanded", () => {
  test("[GATE-14] a player's wire commands, whole and broken", () => {
    const accepted = survives(
      {
        ...thePlayer,
        schema: wirePlayerCommand,
        fill: (command) => fillPlayerCommand(command, catalogue),
      },
      120,
      60,
    );
    expect(accepted.size, [...accepted].join()).toBeGreaterThanOrEqual(12);
  });

  test("[GATE-14] every command that a player's decider knows, definitions and all", () => {
    expect(survives({ ...thePlayer, schema: playerCommand }, 40, 40).size).toBeGreaterThanOrEqual(15);
  });

  test("[GATE-14] a book's commands", () => {
    const own = (state: Parameters<typeof market.evolve>[0]) => ({
      itemId: state.itemId === "" ? KNOWN.item.slice(0, 1) : [state.itemId],
      joueurId: [id(1, 1), id(1, 2), id(1, 3)],
      ordreId: [
        ...[...itemsOfRun(state.ordres)].map(({ ordreId }) => ordreId),
        ...[1, 2, 3, 4].map((n) => id(4, n + state.version)),
      ],
    });
    const target = { aggregate: market, schema: marketCommand, begin: [], own } as const;
    expect(survives(target as never, 150, 60).size).toBeGreaterThanOrEqual(2);
  });

  test("[GATE-14] the world's commands", () => {
    const begin = [{ type: "CreerMonde" as const, definition: demoWorld.monde }];
    const own = (state: Parameters<typeof world.evolve>[0]) => ({
      evenementId: [...Object.keys(state.evenements), id(5, state.version)],
      joueurId: [id(1, 1), id(1, 2)],
    });
    const accepted = survives({ aggregate: world, schema: worldCommand, begin, own } as never, 100, 50);
    expect(accepted.size).toBeGreaterThanOrEqual(6);
  });

  const one = (name: string, aggregate: unknown, schema: z.ZodType) => ({ name, aggregate, schema });
  test.each([
    one("item", item, itemCommand),
    one("competence", competence, competenceDefinitionCommand),
    one("quete", quete, queteDefinitionCommand),
    one("pnj", pnj, pnjDefinitionCommand),
  ])("[GATE-14] an author's commands about one $name", ({ name, aggregate, schema }) => {
    const own = () => ({ [`${name}Id`]: [id(6, 1)] });
    const accepted = survives({ aggregate, schema, begin: [], own } as never, 80, 30);
    expect(accepted.size).toBeGreaterThanOrEqual(2);
  });
});

describe("what is not of its form", () => {
  test.each([
    { of: "a player", schema: wirePlayerCommand },
    { of: "a book", schema: wireMarketCommand },
    { of: "the world", schema: wireWorldCommand },
  ])(
    "[GATE-15] a message to $of with a field too many, missing, of another kind or out of bounds is refused",
    ({ schema }) => {
      const strange = NASTY.filter((value) => typeof value !== "string");
      fc.assert(
        fc.property(valuesOf(schema), fc.nat(100), fc.constantFrom(...strange), (message, where, value) => {
          const whole = withIds(message, (key, n) => meaning(key, n)) as Record<string, unknown>;
          expect(schema.safeParse(whole).success).toBe(true);
          const keys = Object.keys(whole);
          const key = keys[where % keys.length] ?? "type";
          for (const extra of ["admin", "joueurId", "definitions", "constructor", "prototype"])
            if (!Object.hasOwn(whole, extra))
              expect(schema.safeParse({ ...whole, [extra]: value }).success, extra).toBe(false);
          const { [key]: _, ...less } = whole;
          const optional =
            /^(email|expireA|dialogueId|choixId)$/.test(key) ||
            (key === "emplacement" && "slotId" in whole) ||
            (key === "position" && "quantite" in whole);
          expect(schema.safeParse(less).success, `without ${key}`).toBe(optional);
          const spoilt = schema.safeParse({ ...whole, [key]: value });
          const zero =
            (key === "position" && Object.is(Math.abs(Number(value)), 0)) ||
            (key === "stats" && typeof value === "object");
          if (spoilt.success && !zero) throw new Error(`${key} = ${JSON.stringify(value)} is let through`);
        }),
        { numRuns: 2_000 },
      );
    },
  );

  test("[GATE-15] nobody sends a player, a book or the world what only the server and its sagas say", () => {
    const names = (schema: { options: readonly { shape: { type: { value: string } } }[] }) =>
      schema.options.map(({ shape }) => shape.type.value);
    const wire = new Set([wirePlayerCommand, wireMarketCommand, wireWorldCommand].flatMap((s) => names(s as never)));
    const internal = names(playerCommand as never).filter((name) => !wire.has(name));
    expect(internal).toEqual(
      expect.arrayContaining(["GagnerExperience", "ModifierOr", "ReglerOrdre", "EngagerCombat"]),
    );
    fc.assert(
      fc.property(valuesOf(playerCommand), (message) => {
        if (!internal.includes((message as { type: string }).type)) return;
        const meant = withIds(message, (key, n) => meaning(key, n));
        for (const schema of [wirePlayerCommand, wireMarketCommand, wireWorldCommand])
          expect(schema.safeParse(meant).success).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
