import type pg from "pg";
import { erasedName } from "../domain/personal.ts";
import { player } from "../domain/player/player.ts";
import { WORLD_ID } from "../domain/world/values.ts";
import { refreshView, VIEWS } from "../projections/views.ts";
import type { CombatMirror } from "../rooms/combat-mirror.ts";
import { streamsOf } from "../rooms/streams.ts";
import {
  type Erasure,
  findErasure,
  finishErasure,
  forgetAccount,
  forgetTraces,
  haveTaken,
  isFighting,
  noteKeyErased,
  noteSequence,
  openErasures,
  requestErasure,
} from "../store/erasures.ts";
import type { EventStore } from "../store/event-store.ts";
import type { SubjectKeys } from "../store/subject-keys.ts";
import { derivedUuid, uuidv7 } from "../store/uuid.ts";
import type { Game } from "./game.ts";
import type { TaskWork } from "./schedule.ts";

/** Players dealt with in one go. */
const AT_ONCE = 100;
/** ms for which a node may still hold a key that was destroyed, and something more. */
const SETTLES_MS = 6_000;

export interface ErasureServices {
  readonly pool: pg.Pool;
  readonly keys: Pick<SubjectKeys, "erase">;
  readonly store: Pick<EventStore, "highWaterMark">;
  readonly game: Pick<Game, "commands" | "desk" | "orders" | "readPlayer">;
  /** Names of the consumers that keep read models. */
  readonly readModels: readonly string[];
  /** Undefined: there is no Redis. */
  readonly combats: Pick<CombatMirror, "rename"> | undefined;
  /** ms; default 6,000. */
  readonly settlesMs?: number;
}

export interface Erasures {
  /** Marks a player, shuts it out, and destroys account and key; the rest follows. Undefined: there is no such player. */
  request(order: Pick<Erasure, "joueurId" | "requestedBy" | "correlationId">): Promise<Erasure | undefined>;
  find(joueurId: string): Promise<Erasure | undefined>;
  /** Goes on with all that are not finished, on whichever node they began; each as far as it can go now. */
  goOn(work: Pick<TaskWork, "signal" | "progress">): Promise<void>;
}

/**
 * Erasing players (docs/erasure-rules.md). Each step may be done again, so that whoever finds an erasure under way begins with the
 * first. The key goes before the event that read models take: what is written behind that event names nobody any more, by any node.
 */
export function createErasures(services: ErasureServices): Erasures {
  const { pool, keys, store, game, readModels, combats, settlesMs = SETTLES_MS } = services;

  /** Doors know the mark by itself. @returns ms since the key was destroyed */
  async function destroy({ joueurId }: Erasure): Promise<number> {
    await forgetAccount(pool, joueurId);
    await keys.erase(joueurId);
    return noteKeyErased(pool, joueurId);
  }

  /** Where others have the name in memory: their exchange with the player, and books with its orders. */
  async function leaveOthers({ joueurId, correlationId }: Erasure): Promise<void> {
    const { rows } = await pool.query<{ ordreId: string; itemId: string }>(
      `SELECT ordre_id AS "ordreId", item_id AS "itemId" FROM ordres_economie
       WHERE joueur_id = $1 AND statut IN ('ACTIF', 'PARTIELLEMENT_EXECUTE')`,
      [joueurId],
    );
    // New ids: a refusal is not for ever.
    for (const { ordreId, itemId } of rows)
      await game.orders.cancel(itemId, ordreId, { joueurId, correlationId, commandId: uuidv7() });
    const exchange = (await game.readPlayer(joueurId))?.joueur.echange ?? null;
    if (exchange !== null) await game.desk.handle({ type: "AnnulerEchange" }, joueurId, uuidv7(), correlationId);
  }

  /** @returns how far read models have to come; undefined: later, something cannot be reached, or an exchange goes on */
  async function tell({ joueurId, requestedBy, correlationId }: Erasure): Promise<number | undefined> {
    const answer = await game.commands.send("Joueur", joueurId, {
      ...{ commandId: derivedUuid("effacement", joueurId), correlationId, userId: requestedBy },
      forgetRefusal: true,
      command: { type: "EffacerDonneesPersonnelles", joueurId },
    });
    if (!answer.ok) return undefined;
    const sequence = await store.highWaterMark();
    await noteSequence(pool, joueurId, sequence);
    return sequence;
  }

  async function forgetInRedis(joueurId: string): Promise<boolean> {
    if (combats === undefined) return true;
    const { rows } = await pool.query<{ combatId: string; participantId: string }>(
      `SELECT combat_id AS "combatId", participant_id AS "participantId" FROM participants_combat
       JOIN instances_combat USING (combat_id) WHERE entite_id = $1 AND type_entite = 'JOUEUR'
         AND coalesce(heure_fin, now()) > now() - interval '2 hours'`,
      [joueurId],
    );
    for (const { combatId, participantId } of rows)
      if (!(await combats.rename(combatId, participantId, erasedName(joueurId)))) return false;
    return true;
  }

  async function goOnWith(erasure: Erasure): Promise<void> {
    const { joueurId } = erasure;
    if ((await destroy(erasure)) < settlesMs) return;
    if (erasure.eventSequence === null) await leaveOthers(erasure);
    const sequence = erasure.eventSequence ?? (await tell(erasure));
    if (sequence === undefined || !(await haveTaken(pool, readModels, sequence, joueurId))) return;
    // The name is in the memory of combats that began before the event, and of no other: all of those are known by now.
    if (await isFighting(pool, joueurId)) return;
    await game.commands.refresh("WorldState", WORLD_ID);
    if (!(await forgetInRedis(joueurId))) return;
    const streams = streamsOf(player, joueurId).map(({ aggregateId }) => aggregateId);
    // One that somebody else makes anew was begun before: what it will show may name the player.
    for (const view of VIEWS) if (!(await refreshView(pool, view))) return;
    await forgetTraces(pool, joueurId, streams, erasedName(joueurId));
    await finishErasure(pool, joueurId);
  }

  return {
    async request(order) {
      const erasure = await requestErasure(pool, order);
      if (erasure === undefined || erasure.finishedAt !== null) return erasure;
      await destroy(erasure);
      return findErasure(pool, order.joueurId);
    },
    find: (joueurId) => findErasure(pool, joueurId),
    async goOn({ signal, progress }) {
      const faults: unknown[] = [];
      for (const erasure of await openErasures(pool, AT_ONCE)) {
        if (signal.aborted) break;
        // One that fails holds up nobody behind it.
        await goOnWith(erasure).catch((error: unknown) => faults.push(error));
        progress(1);
      }
      if (faults.length > 0) throw new AggregateError(faults, "not every erasure could go on");
    },
  };
}
