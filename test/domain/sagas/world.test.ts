import { expect, test } from "vitest";
import { demoWorld } from "../../../domain/catalogue/demo/demo-world.ts";
import { questProgress } from "../../../domain/sagas/quest-progress.ts";
import { sagas } from "../../../domain/sagas/sagas.ts";
import { welcome } from "../../../domain/sagas/welcome.ts";
import { worldRewards } from "../../../domain/sagas/world-rewards.ts";
import { classe as classes, STATS } from "../../../domain/values.ts";
import { EVENT, event, iid, jid, NOW, oid, sent, stepsOf, uuid, ZONE } from "./helper.ts";

const WORLD_EVENT = uuid("fe", 1);
const ended = (recompenses: object, resultat = "REUSSI") =>
  event(
    "EvenementTermine",
    {
      ...{ evenementId: WORLD_EVENT, type: "RECOLTE", nom: "Harvest", zoneId: ZONE, resultat },
      ...{ progres: 10, objectif: 10, autres: 0, termineA: NOW, recompenses },
      participants: [1, 2].map((n) => ({ joueurId: jid(n), contribution: n })),
    },
    "WorldState",
  );
const progress = (n: number, type: string, cible: string, quantite: number) => [
  "Joueur",
  jid(n),
  { type: "ProgresserObjectifs", faits: [{ type, cible, quantite }], reference: EVENT },
];

test("[SAGA-8] discoveries, world events and trades count towards quests", () => {
  const found = { zoneId: ZONE, nom: "Gue", joueurId: jid(1), pseudo: "P1", premiere: true, nombreDecouvreurs: 1 };
  const discovered = event("ZoneDecouverte", { ...found, decouverteA: NOW }, "WorldState");
  expect(sent(stepsOf(questProgress, discovered))).toEqual([progress(1, "EXPLORER", ZONE, 1)]);
  const nothing = { experience: 0, or: 0, objets: [] };
  expect(sent(stepsOf(questProgress, ended(nothing)))).toEqual([
    progress(1, "EVENEMENT", "RECOLTE", 1),
    progress(2, "EVENEMENT", "RECOLTE", 1),
  ]);
  expect(stepsOf(questProgress, ended(nothing, "ECHOUE"))).toEqual([]);
  const traded = event(
    "TransactionExecutee",
    {
      ...{ transactionId: uuid("77", 1), ordreVenteId: oid(1), ordreAchatId: oid(2), itemId: iid(1), proprietes: {} },
      ...{ vendeurId: jid(1), pseudoVendeur: "P1", acheteurId: jid(2), pseudoAcheteur: "P2" },
      ...{ quantite: 3, prixUnitaire: 10, montantTotal: 30, taxe: 1, netVendeur: 29, renduAcheteur: 0 },
      ...{ resteVente: 0, resteAchat: 0, executeeA: NOW },
    },
    "Economy",
  );
  expect(sent(stepsOf(questProgress, traded))).toEqual([
    progress(1, "COMMERCER", iid(1), 3),
    progress(2, "COMMERCER", iid(1), 3),
  ]);
});

test("[SAGA-9] everyone who contributed gets the whole of what was promised, step by step", () => {
  const objets = [{ itemId: iid(1), quantite: 2 }];
  const given = (n: number) => [
    ["Joueur", jid(n), { type: "GagnerExperience", montant: 50, source: "MONDE", reference: WORLD_EVENT }],
    ["Joueur", jid(n), { type: "ModifierOr", delta: 7, raison: "MONDE", reference: WORLD_EVENT }],
    ["Joueur", jid(n), { type: "RecevoirItems", objets, source: "MONDE", reference: WORLD_EVENT }],
  ];
  const steps = stepsOf(worldRewards, ended({ experience: 50, or: 7, objets }));
  expect(sent(steps)).toEqual([...given(1), ...given(2)]);
  expect(stepsOf(worldRewards, ended({ experience: 0, or: 0, objets: [] }))).toEqual([]);
  expect(stepsOf(worldRewards, ended({ experience: 50, or: 7, objets }, "ECHOUE"))).toEqual([]);
});

test("[SAGA-10] what was gathered is put into the inventory", () => {
  const gathered = { ressourceId: uuid("4e", 1), nom: "Sauge", zoneId: ZONE, joueurId: jid(1), itemId: iid(1) };
  const amounts = { quantite: 4, avant: 10, apres: 6, capacite: 10, prochaineRegeneration: NOW };
  const objets = [{ itemId: iid(1), quantite: 4 }];
  expect(sent(stepsOf(worldRewards, event("RessourceRecoltee", { ...gathered, ...amounts }, "WorldState")))).toEqual([
    ["Joueur", jid(1), { type: "RecevoirItems", objets, source: "RECOLTE", reference: uuid("4e", 1) }],
  ]);
});

test("[SAGA-11] a new player is given its class' first things, where there are such", () => {
  for (const classe of classes.options) {
    const stats = Object.fromEntries(STATS.map((stat) => [stat, 5]));
    const created = event(
      "JoueurCree",
      {
        ...{
          joueurId: jid(1),
          username: "one",
          pseudo: "One",
          classe,
          niveau: 1,
          experienceProchainNiveau: 100,
          a: NOW,
        },
        ...{ or: 0, cote: 1_000, pointsStats: 0, pointsCompetence: 0, statsBase: stats, statsTotales: stats },
      },
      "Joueur",
    );
    const [step, ...others] = stepsOf(welcome, created);
    expect(others).toEqual([]);
    expect(step).toMatchObject({ to: "Joueur", id: jid(1), fine: ["UNKNOWN_ITEM"] });
    const command = step?.command.type === "RecevoirItems" ? step.command : undefined;
    expect(command).toMatchObject({ source: "CADEAU", reference: jid(1) });
    expect(command?.objets.length).toBeGreaterThan(0);
    for (const { itemId } of command?.objets ?? []) expect(demoWorld.items).toHaveProperty(itemId);
  }
});

test("[SAGA-12] the same event leads to the same steps, each with a name of its own, and is not changed", () => {
  const given = ended({ experience: 50, or: 7, objets: [{ itemId: iid(1), quantite: 2 }] });
  const before = structuredClone(given);
  for (const saga of sagas.filter(({ eventTypes }) => eventTypes.includes("EvenementTermine"))) {
    const steps = stepsOf(saga, given);
    expect(stepsOf(saga, structuredClone(given))).toEqual(steps);
    expect(new Set(steps.map(({ name }) => name)).size).toBe(steps.length);
  }
  expect(given).toEqual(before);
  expect(new Set(sagas.map(({ name }) => name)).size).toBe(sagas.length);
});
