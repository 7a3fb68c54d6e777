import fc from "fast-check";
import { type Definitions, typeObjectif } from "../../../domain/catalogue/definitions.ts";
import type { PlayerCommand } from "../../../domain/player/commands.ts";
import { questPhase } from "../../../domain/player/quetes.ts";
import type { PlayerState } from "../../../domain/player/state.ts";
import { iid, known, nid, qid, sid } from "./life-helper.ts";

const int = (min: number, max: number) => fc.integer({ min, max });
const few = <Value>(one: fc.Arbitrary<Value>, maxLength: number) => fc.array(one, { maxLength });
const classes = fc.constantFrom([], [], [], [], ["MAGE"], ["MAGE", "CLERC"], ["CLERC"]);
const cible = fc.oneof(int(1, 3).map(iid), int(1, 3).map(nid), int(1, 4).map(sid));

const skillDefinition = fc.record({
  nom: fc.constant("S"),
  typeCompetence: fc.constantFrom("ACTIVE", "ACTIVE", "PASSIVE", "ULTIMATE"),
  cible: fc.constantFrom("SOI", "SOI", "ALLIE", "ENNEMI"),
  niveauRequis: fc.constantFrom(1, 1, 2, 3),
  classes,
  coutMana: int(0, 30),
  cooldownMs: fc.constantFrom(0, 60_000),
  niveauMax: int(1, 3),
  coutPoints: int(0, 2),
  effets: fc.array(
    fc.oneof(
      fc.record({
        type: fc.constant("SOIN"),
        ressource: fc.constantFrom("HP", "MP", "STAMINA"),
        puissance: int(0, 100_000),
        ratioMagie: int(0, 1_000),
      }),
      fc.record({
        type: fc.constant("BONUS"),
        stats: fc.record({ hpMax: int(-100_000, 100_000), magie: int(-50, 50) }),
      }),
      fc.record({ type: fc.constant("DEGATS"), puissance: int(0, 50) }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  preRequis: fc.record({
    competences: fc.constantFrom([], [], [], [{ competenceId: sid(1), niveau: 2 }]),
  }),
});

const quest = (hard: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record<Record<string, unknown>>(
    {
      nom: fc.constant("Q"),
      typeQuete: fc.constant("SECONDAIRE"),
      niveauRequis: int(1, 2),
      classes,
      // Ids may repeat, and may be the names of what every object has.
      objectifs: fc.array(
        fc.record(
          {
            objectifId: fc.constantFrom("a", "b", "constructor", "__proto__"),
            type: fc.constantFrom(...typeObjectif.options),
            cible,
            requis: int(1, 6),
          },
          { requiredKeys: ["objectifId", "type", "requis"] },
        ),
        { minLength: 1, maxLength: 3 },
      ),
      recompenses: fc.record({
        experience: int(0, 2_000),
        or: fc.constantFrom(0, 20, 1_000_000_000),
        objets: few(fc.record({ itemId: int(1, 3).map(iid), quantite: int(1, 5) }), 2),
        reputations: few(
          fc.record({ pnjId: int(1, 2).map(nid), delta: fc.constantFrom(-1_000, -700, 10, 700, 1_000) }),
          2,
        ),
      }),
      dureeLimiteMinutes: int(1, 2_000),
      repete: fc.boolean(),
      frequenceRepetition: fc.constantFrom("QUOTIDIEN", "HEBDOMADAIRE"),
      ...hard,
    },
    { requiredKeys: ["nom", "typeQuete", "objectifs", "recompenses", "repete", ...Object.keys(hard)] },
  );
const questDefinition = fc.oneof(
  { weight: 4, arbitrary: quest({}) },
  { weight: 1, arbitrary: quest({ pnjDonneur: fc.constant(nid(1)) }) },
  { weight: 1, arbitrary: quest({ preRequis: fc.constant({ quetes: [qid(1)] }) }) },
  { weight: 1, arbitrary: quest({ preRequis: fc.constant({ reputations: [{ pnjId: nid(1), minimum: 5 }] }) }) },
);

const npcDefinition = fc.record(
  {
    nom: fc.constant("N"),
    commerce: fc.record({
      articles: fc.array(
        fc.record({
          itemId: int(1, 3).map(iid),
          prix: fc.constantFrom(1, 7, 1_000_000_000),
          reputationMin: fc.constantFrom(-500, 0, 20),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      rachatPourcent: int(0, 100),
    }),
    dialogues: fc.array(
      fc.record({
        dialogueId: fc.constantFrom("d", "__proto__"),
        texte: fc.constant("?"),
        choix: few(
          fc.record({
            choixId: fc.constantFrom("c", "constructor"),
            texte: fc.constant("!"),
            reputation: int(-60, 100),
          }),
          2,
        ),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  },
  { requiredKeys: ["nom"] },
);

const itemDefinition = fc.record({
  nom: fc.constant("I"),
  typeItem: fc.constantFrom("MATERIAU", "CONSOMMABLE"),
  empilable: fc.boolean(),
  stackMax: int(1, 9),
  valeurOr: int(0, 40),
  poids: int(0, 30),
  echangeable: fc.boolean(),
  emplacements: fc.constantFrom([], [], ["TETE"]),
  effets: few(fc.record({ type: fc.constant("EXPERIENCE"), montant: int(1, 500) }), 1),
});

/** Definitions 1 to `count`, of which now and then one is missing. */
const some = (count: number, idOf: (n: number) => string, definition: fc.Arbitrary<unknown>) =>
  fc
    .array(fc.option(definition, { freq: 9, nil: undefined }), { minLength: count, maxLength: count })
    .map((list) => Object.fromEntries(list.flatMap((one, n) => (one === undefined ? [] : [[idOf(n + 1), one]]))));

const catalogue = fc
  .record({
    competences: some(4, sid, skillDefinition),
    quetes: some(5, qid, questDefinition),
    pnj: some(3, nid, npcDefinition),
    items: some(3, iid, itemDefinition),
  })
  .map((found) => known(found as unknown as Parameters<typeof known>[0]));

/** What somebody does, and how long (ms) after what came before it. */
export interface Step {
  readonly wait: number;
  command(state: PlayerState): PlayerCommand;
}

const skillIds = int(1, 4).map(sid);
const questIds = int(1, 5).map(qid);
const npcIds = int(1, 3).map(nid);
const counts = fc.constantFrom(1, 2, 5, 9_999);

/** The slot at a place of the list of those that there are; else one that there is not. */
function slotOf(state: PlayerState, n: number): string {
  const ids = Object.keys(state.inventaire.slots).sort();
  return ids[n % Math.max(1, ids.length)] ?? qid(99);
}

const always = (one: fc.Arbitrary<unknown>) => one.map((command) => () => command as PlayerCommand);
const withSlot = (make: (slotId: string, pnjId: string, quantite: number) => PlayerCommand) =>
  fc.tuple(int(0, 20), npcIds, counts).map(
    ([n, pnjId, quantite]) =>
      (state: PlayerState) =>
        make(slotOf(state, n), pnjId, quantite),
  );

/** One of the skills that are known. */
const useKnown = int(0, 3).map((n) => (state: PlayerState): PlayerCommand => {
  const skills = state.competences.apprises;
  return { type: "UtiliserCompetence", competenceId: skills[n % Math.max(1, skills.length)]?.competenceId ?? sid(1) };
});

/** The end of the combat that the player is in. */
const survive = fc.tuple(int(0, 90), int(0, 500)).map(
  ([hpActuel, experience]) =>
    (state: PlayerState): PlayerCommand => ({
      type: "CloturerCombat",
      combatId: state.joueur.combatId ?? qid(1),
      resultat: "VICTOIRE",
      vitaux: { hpActuel, mpActuel: 40, staminaActuel: 40 },
      objetsUtilises: {},
      experience,
      or: 10,
      objets: [],
      definitions: known({}),
    }),
);

/** What one of the open quests asks for, or anything where there is none. */
const welcome = fc.tuple(int(0, 20), counts).map(([n, quantite]) => (state: PlayerState): PlayerCommand => {
  const open = Object.values(state.quetes.ouvertes).flatMap((one) => one.definition.objectifs);
  const asked = open[n % Math.max(1, open.length)];
  const named = asked?.cible === undefined ? {} : { cible: asked.cible };
  return { type: "ProgresserObjectifs", faits: [{ type: asked?.type ?? "TUER", ...named, quantite }], reference: "r" };
});

/** Something that one of the shops offers. */
const shopping = (definitions: Definitions) =>
  fc.tuple(int(0, 20), fc.constantFrom(1, 2, 60)).map(([n, quantite]) => (state: PlayerState): PlayerCommand => {
    const offers = Object.entries(state.relations.pnj).flatMap(([pnjId, { boutique }]) =>
      (boutique?.articles ?? []).map(({ itemId }) => ({ pnjId, itemId })),
    );
    const offer = offers[n % Math.max(1, offers.length)] ?? { pnjId: nid(1), itemId: iid(1) };
    return { type: "AcheterPnj", ...offer, quantite, definitions };
  });

/** The end of one of the open quests, complete ones first. */
const handIn =
  (definitions: Definitions) =>
  (state: PlayerState): PlayerCommand => {
    const open = Object.keys(state.quetes.ouvertes).sort();
    const queteId = open.find((id) => questPhase(state.quetes, id) === "ready") ?? open[0] ?? qid(1);
    return { type: "TerminerQuete", queteId, definitions };
  };

const of = (type: string, fields: Record<string, fc.Arbitrary<unknown>>, optional: string[] = []) =>
  always(
    fc.record<Record<string, unknown>>(
      { type: fc.constant(type), ...fields },
      { requiredKeys: ["type", ...Object.keys(fields).filter((key) => !optional.includes(key))] },
    ),
  );

const fait = fc.record(
  { type: fc.constantFrom(...typeObjectif.options), cible, quantite: counts },
  { requiredKeys: ["type", "quantite"] },
);

function commands(found: Definitions): fc.Arbitrary<Step["command"]> {
  const definitions = fc.constant(found);
  return fc.oneof(
    { weight: 4, arbitrary: of("ApprendreCompetence", { competenceId: skillIds, definitions }) },
    { weight: 2, arbitrary: of("AmeliorerCompetence", { competenceId: skillIds }) },
    { weight: 1, arbitrary: of("UtiliserCompetence", { competenceId: skillIds }) },
    { weight: 4, arbitrary: useKnown },
    { weight: 6, arbitrary: of("AccepterQuete", { queteId: questIds, definitions }) },
    { weight: 1, arbitrary: of("TerminerQuete", { queteId: questIds, definitions }) },
    { weight: 6, arbitrary: fc.constant(handIn(found)) },
    { weight: 8, arbitrary: welcome },
    { weight: 4, arbitrary: shopping(found) },
    { weight: 1, arbitrary: of("AbandonnerQuete", { queteId: questIds }) },
    { weight: 1, arbitrary: of("EchouerQuete", { queteId: questIds }) },
    { weight: 1, arbitrary: of("ExpirerQuetes", {}) },
    {
      weight: 3,
      arbitrary: of("ProgresserObjectifs", {
        faits: fc.array(fait, { minLength: 1, maxLength: 8 }),
        reference: fc.constant("r"),
      }),
    },
    {
      weight: 3,
      arbitrary: of(
        "ParlerPnj",
        {
          pnjId: npcIds,
          dialogueId: fc.constantFrom("d", "__proto__"),
          choixId: fc.constantFrom("c", "constructor"),
          definitions,
        },
        ["dialogueId", "choixId"],
      ),
    },
    { weight: 3, arbitrary: of("OuvrirCommerce", { pnjId: npcIds, definitions }) },
    {
      weight: 3,
      arbitrary: of("AcheterPnj", { pnjId: npcIds, itemId: int(1, 3).map(iid), quantite: counts, definitions }),
    },
    { weight: 2, arbitrary: withSlot((slotId, pnjId, quantite) => ({ type: "VendrePnj", pnjId, slotId, quantite })) },
    { weight: 1, arbitrary: withSlot((slotId) => ({ type: "EquiperItem", slotId })) },
    { weight: 1, arbitrary: withSlot((slotId, _, quantite) => ({ type: "UtiliserItem", slotId, quantite })) },
    { weight: 1, arbitrary: of("EngagerCombat", { combatId: questIds, typeCombat: fc.constant("PVE") }) },
    { weight: 4, arbitrary: survive },
  );
}

/** A life: what happens to a player, in a world whose catalogue stays as it is. */
export function life(length: number): fc.Arbitrary<Step[]> {
  const wait = fc.oneof(
    { weight: 8, arbitrary: int(0, 3_000) },
    { weight: 1, arbitrary: fc.constantFrom(300_000, 3_600_000, 86_400_000) },
  );
  return catalogue.chain((definitions) =>
    fc.array(fc.record({ wait, command: commands(definitions) }), {
      minLength: length,
      maxLength: length,
      size: "max",
    }),
  );
}
