import { v5 as uuidv5 } from "uuid";
import { demoWorld } from "../../../domain/catalogue/demo/demo-world.ts";
import { ITEM, PNJ, ZONE } from "../../../domain/catalogue/demo/ids.ts";
import { seedsOf } from "../../../domain/catalogue/seed.ts";
import type { AnsweredEvent } from "../../../domain/codes.ts";
import type { StoredEvent } from "../../../domain/envelope.ts";
import { CombatView, projectCombat } from "../../../rooms/combat-view.ts";
import { PlayerView, projectPlayer } from "../../../rooms/player-view.ts";
import { bookId, partId } from "../../../store/uuid.ts";
import { begin, fight } from "../../domain/tour/fights.ts";
import { Game, type KindName, type Sent } from "../../domain/tour/game.ts";
import type { Entry, Subject } from "../journal.ts";

const id = (kind: string, n: number): string => `${kind}-0000-4000-8000-${String(n).padStart(12, "0")}`;
export const [ADA, BEL, FIGHT] = [id("0ada0000", 1), id("0be10000", 1), id("0c0ba700", 1)] as const;
export const GOOD = ITEM.sauge;

export interface Story {
  readonly log: readonly StoredEvent[];
  readonly journal: readonly Entry[];
}

/** Two players trade, exchange and fight, by the game's own deciders and sagas; and what a client of theirs would have kept of it. */
export function tellStory(): Story {
  const game = new Game();
  const journal: Entry[] = [];
  const commandIds = new Map<number, string>();
  let commands = 0;

  for (const { type, id: definitionId, command } of seedsOf(demoWorld)) game.send(type, definitionId, { ...command });
  const catalogue = game.log.length;

  function subjectOf(to: KindName, aggregateId: string): Subject {
    return { type: to as Subject["type"], id: aggregateId };
  }

  /** As a client would send it, be told and see what comes of it. */
  function send(to: KindName, aggregateId: string, command: Sent): void {
    commands += 1;
    const commandId = id("c0000000", commands);
    const subject = subjectOf(to, aggregateId);
    journal.push({ kind: "sent", at: game.now, commandId, subject, message: { type: command.type } });
    const from = game.log.length;
    const events = game.send(to, aggregateId, command);
    for (const [i] of events.entries()) commandIds.set(from + i, commandId);
    // The log is stamped at the end; then answers are filled in.
    const sequences = events.map(({ sequence }) => sequence);
    pending.push({ place: journal.length, commandId, sequences });
    journal.push({
      kind: "answered",
      at: game.now,
      commandId,
      answer: { ok: true, version: 0, sequence: 0, events: [] },
    });
    look(subject);
  }
  const pending: { readonly place: number; readonly commandId: string; readonly sequences: readonly number[] }[] = [];

  function look(subject: Subject): void {
    const state = subject.type === "Combat" ? combatAsShown(game, subject.id) : playerAsShown(game, subject.id);
    journal.push({ kind: "state", at: game.now, subject, session: subject.id, state });
  }

  const given = { source: "CADEAU", reference: "gift" } as const;
  for (const [joueurId, username] of [
    [ADA, "ada"],
    [BEL, "bel"],
  ] as const) {
    send("Joueur", joueurId, { type: "CreerJoueur", joueurId, username, pseudo: username, classe: "GUERRIER" });
    send("Joueur", joueurId, { type: "ModifierOr", delta: 500, raison: "CADEAU", reference: "gift" });
    send("Joueur", joueurId, { type: "RecevoirItems", objets: [{ itemId: GOOD, quantite: 20 }], ...given });
  }
  const order = (joueurId: string, n: number, typeOrdre: "VENTE" | "ACHAT", quantite: number, prixUnitaire: number) =>
    send("Joueur", joueurId, {
      ...{ type: "ReserverOrdre", ordreId: id("04d40000", n), typeOrdre, itemId: GOOD, quantite, prixUnitaire },
      expireA: null,
    });
  order(ADA, 1, "VENTE", 5, 10);
  order(BEL, 2, "ACHAT", 3, 12);
  order(BEL, 3, "ACHAT", 4, 8);
  const slotId = Object.keys(game.player(ADA).inventaire.slots)[0] ?? "";
  const exchanged = { type: "", echangeId: id("0ec40000", 1), par: ADA };
  const both = (command: Sent) => {
    game.together(
      [ADA, BEL].map((joueurId, i) => ({
        ...{ to: "Joueur" as const, id: joueurId },
        command: {
          ...exchanged,
          ...command,
          ...(command.type === "OuvrirEchange" && { avec: [BEL, ADA][i], pseudoAvec: "x" }),
        },
      })),
    );
    for (const joueurId of [ADA, BEL]) look({ type: "Joueur", id: joueurId });
  };
  both({ type: "OuvrirEchange" });
  const slot = game.player(ADA).inventaire.slots[slotId];
  const objets = slot === undefined ? [] : [{ slotId, itemId: slot.itemId, quantite: 1, proprietes: slot.proprietes }];
  both({ type: "ModifierOffre", offre: { or: 7, objets } });
  const revision = game.player(ADA).joueur.echange?.revision;
  for (const par of [ADA, BEL]) both({ type: "ConfirmerEchange", par, revision });

  begin(game, { combatId: FIGHT, typeCombat: "PVE", zoneId: ZONE.bourgClochette, teams: [[ADA], [PNJ.ratDesCaves]] });
  fight(game, FIGHT);
  game.pass(1_000);
  for (const joueurId of [ADA, BEL]) look({ type: "Joueur", id: joueurId });
  look({ type: "Combat", id: FIGHT });

  const log = stamped(game.log.slice(catalogue), catalogue, commandIds);
  const bySequence = new Map(log.map((event) => [event.sequence, event]));
  for (const { place, sequences } of pending) {
    const entry = journal[place];
    if (entry?.kind !== "answered") continue;
    const events = sequences.flatMap((sequence) => bySequence.get(sequence) ?? []).map(asTold);
    const last = events.at(-1);
    journal[place] = {
      ...entry,
      answer: { ok: true, version: last?.version ?? 0, sequence: last?.sequence ?? 0, events },
    };
  }
  const seen = log.filter(({ aggregateId }) => aggregateId === FIGHT);
  const events = seen.filter(({ eventType }) => eventType === "DegatsInfliges").map(asTold);
  journal.push({
    kind: "events",
    at: game.now,
    subject: { type: "Combat", id: FIGHT },
    session: FIGHT,
    version: 1,
    events,
  });
  return { log, journal };
}

function combatAsShown(game: Game, combatId: string): { readonly version: number } {
  const view = new CombatView();
  projectCombat(view, game.combat(combatId), undefined);
  return JSON.parse(JSON.stringify(view)) as { readonly version: number };
}

function playerAsShown(game: Game, joueurId: string): { readonly version: number } {
  const view = new PlayerView();
  projectPlayer(view, game.player(joueurId), undefined);
  return JSON.parse(JSON.stringify(view)) as { readonly version: number };
}

function asTold({ eventType, version, sequence, payload }: StoredEvent): AnsweredEvent {
  return { eventType, version, sequence, payload };
}

/** As the store would have it: streams of their own for what a player has, versions, and the commands' ids. */
function stamped(
  log: readonly StoredEvent[],
  offset: number,
  commandIds: ReadonlyMap<number, string>,
): readonly StoredEvent[] {
  const versions = new Map<string, number>();
  return log.map((event, i) => {
    const { aggregateType, aggregateId: main } = event;
    const isPart = main === ADA || main === BEL;
    const aggregateId =
      aggregateType === "Economy"
        ? bookId(main)
        : isPart && aggregateType !== "Joueur"
          ? partId(main, aggregateType)
          : main;
    const version = (versions.get(aggregateId) ?? 0) + 1;
    versions.set(aggregateId, version);
    const commandId = commandIds.get(offset + i) ?? uuidv5(event.eventId, uuidv5.URL);
    return { ...event, aggregateId, version, metadata: { ...event.metadata, commandId } };
  });
}
