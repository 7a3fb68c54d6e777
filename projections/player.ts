import { erasedName } from "../domain/personal.ts";
import type { PartType } from "../domain/player/state.ts";
import { EventFault } from "../store/sink.ts";
import { isInventaireEvent, isJoueurEvent, PLAYER_EVENTS, type Told } from "./player-events.ts";
import { createPlayer, foldJoueur, usernameOf } from "./player-fold.ts";
import { foldInventaire, slotsIn } from "./player-inventory-fold.ts";
import { foldProgress } from "./player-progress-fold.ts";
import { competenceJoueurId, equipementId, inventaireId, PlayerRows, TABLES, type Wanted } from "./player-rows.ts";
import type { Projector } from "./projector.ts";

function wantedBy(events: readonly Told[]): Wanted {
  const joueurs = new Set<string>();
  const [usernames, owners, slots, competences] = [
    new Set<string>(),
    new Set<string>(),
    new Set<string>(),
    new Set<string>(),
  ];
  const quetes = new Map<string, readonly [string, string]>();
  for (const event of events) {
    const { joueurId } = event.payload;
    joueurs.add(joueurId);
    if (event.eventType === "JoueurCree") usernames.add(usernameOf(event));
    if (event.eventType === "DonneesPersonnellesEffacees") usernames.add(erasedName(joueurId));
    if (event.aggregateType === "Inventaire" || event.aggregateType === "Equipement") owners.add(joueurId);
    for (const slotId of slotsIn(event)) slots.add(slotId);
    if ("competenceId" in event.payload) competences.add(competenceJoueurId(joueurId, event.payload.competenceId));
    if ("queteId" in event.payload) {
      const { queteId } = event.payload;
      quetes.set(`${joueurId} ${queteId}`, [joueurId, queteId]);
    }
  }
  const inventaires = new Set([...owners].map(inventaireId));
  const equipements = new Set([...owners].map(equipementId));
  return { joueurs, usernames, inventaires, equipements, slots, competences, quetes };
}

/** Folds one event into the rows; one that was taken before changes nothing. */
function take(rows: PlayerRows, event: Told): void {
  const { joueurId } = event.payload;
  const { sequence, timestamp } = event;
  // Every one of these events is in a stream of a player's.
  const stream = event.aggregateType as PartType;
  const before =
    rows.joueurs.get(joueurId) ?? (event.eventType === "JoueurCree" ? createPlayer(rows, event) : undefined);
  if (before === undefined) {
    // Of somebody whom only combats name ([FORGET-3]).
    if (event.eventType === "DonneesPersonnellesEffacees") return;
    throw new EventFault("NO_PLAYER", "an event of a player whose creation was not taken");
  }
  if (sequence <= (before.sequences[stream] ?? 0)) return;
  if (isJoueurEvent(event)) foldJoueur(rows, before, event);
  else if (isInventaireEvent(event)) foldInventaire(rows, before, event);
  else if (event.eventType !== "JoueurCree") foldProgress(rows, before, event);
  const after = rows.joueurs.get(joueurId) ?? before;
  rows.joueurs.put({
    ...after,
    sequences: { ...after.sequences, [stream]: sequence },
    last_event_sequence: Math.max(before.last_event_sequence, sequence),
    updated_at: before.updated_at > timestamp ? before.updated_at : timestamp,
  });
}

/**
 * What players are, own, wear, know and have to do. One projector for all: their tables refer to each other. It reads the rows
 * that a batch is about, folds the batch into them and writes them back; nothing of another projector's is looked at.
 */
export const playerProjector: Projector = {
  name: "players",
  eventTypes: PLAYER_EVENTS,
  tables: TABLES,
  archives: ["joueurs_archive"],
  changes: ["leaderboard_changes"],
  async apply(events, transaction) {
    const told = events as readonly Told[];
    const rows = new PlayerRows();
    await rows.load(transaction, wantedBy(told));
    for (const event of told) take(rows, event);
    await rows.save(transaction);
  },
};
