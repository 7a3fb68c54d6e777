import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { Authored } from "../../domain/catalogue/authored.ts";
import { applyToCatalogue, emptyCatalogue } from "../../domain/catalogue/catalogue.ts";
import { competence } from "../../domain/catalogue/competence.ts";
import type { CompetenceDefinition, QueteDefinition } from "../../domain/catalogue/definitions.ts";
import { demoWorld } from "../../domain/catalogue/demo/demo-world.ts";
import { quete } from "../../domain/catalogue/quete.ts";
import type { DomainEvent, StoredEvent } from "../../domain/envelope.ts";
import { economyProjector } from "../../projections/economy.ts";
import type { Projector } from "../../projections/projector.ts";
import { questProjector } from "../../projections/quests.ts";
import { skillProjector } from "../../projections/skills.ts";
import { T0 } from "../domain/market/helper.ts";
import { grandTour } from "../domain/tour/story.ts";
import { useDatabase } from "../support/postgres.ts";
import { allRows, clear, project, share, stored, usePool } from "./world-support.ts";

// Only for machines under load.
vi.setConfig({ testTimeout: 120_000 });

const pool = usePool(useDatabase());
const sizes = fc.array(fc.constantFrom(1, 2, 5, 500), { minLength: 1, maxLength: 5 });

type Row = Readonly<Record<string, unknown>>;

/** What the columns of a skill and of a quest have to say. */
const skillColumns = (one: CompetenceDefinition): Row => ({
  ...{ nom: one.nom, description: one.description, type_competence: one.typeCompetence, element: one.element },
  ...{ cible: one.cible, niveau_requis: one.niveauRequis, cout_mana: one.coutMana, cout_stamina: one.coutStamina },
  ...{ cooldown_tours: one.cooldownTours, portee: one.portee, effets: one.effets, pre_requis: one.preRequis },
  ...{ modificateurs_niveau: one.modificateursNiveau, animation: one.animation ?? null },
  ...{ icone_url: one.iconeUrl ?? null },
});
const questColumns = (one: QueteDefinition): Row => ({
  ...{ nom: one.nom, description: one.description, type_quete: one.typeQuete, niveau_requis: one.niveauRequis },
  ...{ niveau_recommande: one.niveauRecommande ?? null, pre_requis: one.preRequis, objectifs: one.objectifs },
  ...{ recompenses: one.recompenses, zone_depart: one.zoneDepart ?? null, pnj_donneur: one.pnjDonneur ?? null },
  ...{ duree_limite_minutes: one.dureeLimiteMinutes ?? null, repete: one.repete, dialogues: one.dialogues },
  ...{ frequence_repetition: one.frequenceRepetition ?? null },
});

interface Kind {
  readonly name: string;
  readonly projector: Projector;
  readonly key: string;
  entries(log: readonly StoredEvent[]): ReadonlyMap<string, Authored<object>>;
  columns(definition: object): Row;
}

const KINDS: readonly Kind[] = [
  {
    name: "skills",
    projector: skillProjector,
    key: "competence_id",
    entries: (log) => log.reduce(applyToCatalogue, emptyCatalogue()).competences,
    columns: (one) => skillColumns(one as CompetenceDefinition),
  },
  {
    name: "quests",
    projector: questProjector,
    key: "quete_id",
    entries: (log) => log.reduce(applyToCatalogue, emptyCatalogue()).quetes,
    columns: (one) => questColumns(one as QueteDefinition),
  },
];

async function check({ projector, key, entries, columns }: Kind, log: readonly StoredEvent[]): Promise<void> {
  const [rows] = Object.values(await allRows(pool(), projector));
  const fitting = log.filter(({ eventType }) => projector.eventTypes.includes(eventType));
  const lastOf = (id: string) => fitting.findLast(({ payload }) => Object.values(payload as object).includes(id));
  const known = [...entries(log)].toSorted(([one], [other]) => (one < other ? -1 : 1));
  expect(rows).toEqual(
    known.map(([id, { definition, retire }]) => ({
      ...{ [key]: id, retire, definition, ...columns(definition ?? {}) },
      ...{ last_event_sequence: lastOf(id)?.sequence, updated_at: lastOf(id)?.timestamp },
    })),
  );
}

test.each(KINDS)("[PWORLD-3] after the tour $name are what their authors said last", async (kind) => {
  const { log } = grandTour();
  for (const batches of [[1], [500]]) {
    await project(pool(), kind.projector, log, batches);
    await check(kind, log);
  }
});

/** Definitions of the demo world, made and changed again and again. */
const authored = fc.array(
  fc.record({
    which: fc.nat(5),
    nom: fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }),
    change: fc.constantFrom<Row>(
      { niveauRequis: 7 },
      { iconeUrl: "x.png", animation: "feu" },
      { iconeUrl: null, animation: null },
      { niveauRecommande: 9, dureeLimiteMinutes: 30 },
      { niveauRecommande: null, dureeLimiteMinutes: null, zoneDepart: "Bois" },
      { description: "" },
    ),
  }),
  { minLength: 5, maxLength: 40 },
);

function logOf(quests: boolean, moves: typeof authored extends fc.Arbitrary<infer T> ? T : never): StoredEvent[] {
  const log: StoredEvent[] = [];
  const states = new Map<string, unknown>();
  const ids = Object.keys(quests ? demoWorld.quetes : demoWorld.competences);
  const tell = (id: string, definition: object | undefined, changements: Row): void => {
    const decide = quests ? quete : competence;
    const key = quests ? "queteId" : "competenceId";
    const make = quests ? "CreerQuete" : "DefinirCompetence";
    const alter = quests ? "ModifierQuete" : "ModifierCompetence";
    const state = states.get(id) ?? decide.initial;
    const command =
      definition === undefined ? { type: alter, [key]: id, changements } : { type: make, [key]: id, definition };
    const decision = decide.decide(state as never, command as never, { now: T0 });
    if (!decision.ok) return;
    const events: readonly DomainEvent[] = decision.events;
    states.set(
      id,
      events.reduce<unknown>((one, event) => decide.evolve(one as never, event as never), state),
    );
    for (const event of events) log.push(stored(event, log.length * 3 + 1, T0 + log.length, "Quete"));
  };
  for (const { which, nom, change } of moves) {
    const id = ids[which] ?? "";
    tell(id, quests ? demoWorld.quetes[id] : demoWorld.competences[id], {});
    const fits = Object.entries(change).filter(([field]) =>
      field === "animation" ? !quests : quests || field !== "zoneDepart",
    );
    tell(id, undefined, { nom, ...Object.fromEntries(fits) });
  }
  return log;
}

describe.each(KINDS)("[PWORLD-3] [PWORLD-2] $name", (kind) => {
  test("random authors, random batches, taken again from anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(authored, sizes, sizes, share, async (moves, a, b, part) => {
        const log = logOf(kind.name === "quests", moves);
        await clear(pool(), kind.projector);
        const cut = Math.floor(part * log.length);
        await project(pool(), kind.projector, log.slice(0, cut), b);
        await project(pool(), kind.projector, log, a);
        await check(kind, log);
        await project(pool(), kind.projector, log.slice(0, cut), b);
        await check(kind, log);
        await project(pool(), kind.projector, log.slice(cut), b);
        await project(pool(), kind.projector, log, b);
        await check(kind, log);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

test("[PWORLD-3] an item that was withdrawn stays, and says so", async () => {
  const { log } = grandTour();
  await project(pool(), economyProjector, log, [50]);
  const { rows } = await pool().query<{ nom: string }>("SELECT nom FROM items WHERE retire");
  const gone = log.filter(({ eventType }) => eventType === "ItemDetruit");
  expect(rows.map(({ nom }) => nom)).toEqual(["Cuillère"]);
  expect(gone).toHaveLength(1);
});
