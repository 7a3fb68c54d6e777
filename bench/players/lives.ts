import { randomUUID } from "node:crypto";
import { demoWorld } from "../../domain/catalogue/demo/demo-world.ts";
import { ITEM, PNJ, QUEST, SKILL } from "../../domain/catalogue/demo/ids.ts";
import { starterItems } from "../../domain/catalogue/demo/starter.ts";
import type { NewEvent } from "../../domain/envelope.ts";
import type { PlayerCommand } from "../../domain/player/commands.ts";
import { slotsInOrder } from "../../domain/player/inventaire.ts";
import { player } from "../../domain/player/player.ts";
import type { PlayerState } from "../../domain/player/state.ts";
import { acceptedBy } from "../../rooms/answers.ts";
import { envelop } from "../../rooms/envelop.ts";
import { appendsTo, streamsOf, versionsOf } from "../../rooms/streams.ts";
import type { AcceptedCommand, EventStore, Snapshot, StreamAppend } from "../../store/event-store.ts";
import { uuidv7 } from "../../store/uuid.ts";

/** Events of a player who is written; the snapshot is of the 50th or soon after, as an actor's would be. */
const EVENTS = 60;
const SNAPSHOT_AT = 50;
/** Appends under way at the same time. */
const AT_ONCE = 64;
/** Snapshots in one statement. */
const BATCH = 50;

const { items, competences, quetes, pnj } = demoWorld;
const definitions = { items, competences, quetes, pnj };

function slotOf(state: PlayerState, itemId: string): string {
  return slotsInOrder(state.inventaire).find((one) => one.itemId === itemId)?.slotId ?? "";
}

type Next = (state: PlayerState) => PlayerCommand;

/** A first day: creation, gifts, a level or two, clothes, a skill, a quest, and then much shopping. */
function day(joueurId: string): Next[] {
  const username = `p${joueurId.replaceAll("-", "").slice(0, 20)}`;
  return [
    () => ({ type: "CreerJoueur", joueurId, username, pseudo: username, classe: "GUERRIER" }),
    () => ({
      type: "RecevoirItems",
      objets: starterItems("GUERRIER"),
      source: "CADEAU",
      reference: joueurId,
      definitions,
    }),
    () => ({ type: "ModifierOr", delta: 5_000, raison: "CADEAU", reference: joueurId }),
    () => ({ type: "GagnerExperience", montant: 700, source: "QUETE", reference: joueurId }),
    (state) => ({ type: "EquiperItem", slotId: slotOf(state, ITEM.epeeEbrechee) }),
    (state) => ({ type: "EquiperItem", slotId: slotOf(state, ITEM.tuniqueDeLin) }),
    () => ({ type: "ApprendreCompetence", competenceId: SKILL.tailleFranche, definitions }),
    () => ({ type: "AccepterQuete", queteId: QUEST.bienvenue, definitions }),
    () => ({ type: "ParlerPnj", pnjId: PNJ.oriane, choixId: "saluer", definitions }),
    () => ({ type: "TerminerQuete", queteId: QUEST.bienvenue, definitions }),
    () => ({ type: "AccepterQuete", queteId: QUEST.sEquiper, definitions }),
    () => ({ type: "OuvrirCommerce", pnjId: PNJ.mirabelle, definitions }),
  ];
}

const WARES = [ITEM.potionDeSoin, ITEM.antidote, ITEM.elixirDeMana, ITEM.infusionDOrtie] as const;

function shopping(n: number): PlayerCommand {
  const itemId = WARES[n % WARES.length] ?? ITEM.potionDeSoin;
  return { type: "AcheterPnj", pnjId: PNJ.mirabelle, itemId, quantite: 1 + (n % 3), definitions };
}

interface Life {
  readonly id: string;
  readonly streams: readonly StreamAppend[];
  readonly snapshot: Snapshot;
}

/** A player as the real rules make it, in memory. */
function live(id: string, now: number): Life {
  const streams = streamsOf(player, id);
  const written: NewEvent[] = [];
  const recentCommands: AcceptedCommand[] = [];
  let state = player.initial;
  let snapshot: Snapshot | undefined;
  const plans = day(id);
  for (let n = 0; written.length < EVENTS; n += 1) {
    const command = plans[n]?.(state) ?? shopping(n);
    const decision = player.decide(state, command, { now });
    if (!decision.ok) throw new Error(`${command.type}: ${decision.rejection.code}`);
    const envelope = { commandId: uuidv7(now), userId: id, command };
    const events = envelop(player, decision.events, envelope, "bench", now);
    const appends = appendsTo(player, streams, events, versionsOf(player, state, written.length));
    written.push(...events);
    recentCommands.push(acceptedBy(envelope.commandId, written.length, streams, appends));
    state = decision.events.reduce(player.evolve, state);
    if (snapshot === undefined && written.length >= SNAPSHOT_AT)
      snapshot = {
        ...{ aggregateId: id, aggregateType: player.type, version: written.length, state },
        ...{ stateVersion: player.snapshot.version, recentCommands: [...recentCommands] },
      };
  }
  if (snapshot === undefined) throw new Error("too short a life");
  return { id, streams: appendsTo(player, streams, written, [0, 0, 0, 0, 0, 0]), snapshot };
}

/** Writes so many players through the store, each in one append. Returns their ids. */
export async function writeLives(
  store: EventStore,
  count: number,
  progress: (done: number) => void,
): Promise<readonly string[]> {
  const ids: string[] = [];
  const snapshots: Snapshot[] = [];
  let begun = 0;
  async function write(): Promise<void> {
    while (begun < count) {
      begun += 1;
      const { id, streams, snapshot } = live(randomUUID(), Date.now());
      const result = await store.append({ actorId: id, streams });
      if (!result.ok) throw new Error(`${result.reason}`);
      ids.push(id);
      snapshots.push(snapshot);
      if (ids.length % 2_000 === 0) progress(ids.length);
      if (snapshots.length >= BATCH) await store.saveSnapshots(snapshots.splice(0));
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, write));
  if (snapshots.length > 0) await store.saveSnapshots(snapshots);
  return ids;
}
