import { z } from "zod";
import type { Catalogue } from "../domain/catalogue/catalogue.ts";
import { npcFighter } from "../domain/catalogue/npc-fighter.ts";
import { type Answer, refusal } from "../domain/codes.ts";
import type { CombatCommand } from "../domain/combat/commands.ts";
import { combatDefinition, definitionShape } from "../domain/combat/definition.ts";
import { participantDefinition } from "../domain/combat/participant.ts";
import { typeEntite, whole } from "../domain/combat/values.ts";
import { fighterOf } from "../domain/player/fighter.ts";
import type { PlayerState } from "../domain/player/state.ts";
import { bossIsBack, type WorldState } from "../domain/world/state.ts";
import type { EventStore } from "../store/event-store.ts";
import type { Commands, TypedParty } from "./commands.ts";
import type { UnfilledPlayerCommand } from "./player-room.ts";
import { wireId } from "./wire.ts";

/** Somebody who enters as the player's own aggregate, or the catalogue, has it. */
const byReference = z.strictObject({
  entiteId: wireId,
  typeEntite,
  equipe: z.string().min(1).max(40),
  position: whole(0, 99),
});
type Reference = z.infer<typeof byReference>;
type Given = z.infer<typeof participantDefinition>;

/**
 * The body of `POST /combat/start`. A participant is given whole, or by reference: then a player enters with its level, stats,
 * equipment, skills and items, is in no other combat meanwhile, and gets back what comes of it; a PNJ is as the catalogue has it.
 * Without rewards, the beaten PNJ's loot is what there is to win.
 */
export const combatStartBody = definitionShape.extend({
  graine: definitionShape.shape.graine.optional(),
  recompenses: definitionShape.shape.recompenses.unwrap().optional(),
  participants: z
    .array(z.union([participantDefinition, byReference]))
    .min(2)
    .max(16),
});
export type CombatStartBody = z.infer<typeof combatStartBody>;

export interface CombatStart {
  readonly combatId: string;
  readonly commandId: string;
  readonly graine: string;
  readonly userId?: string;
  readonly correlationId: string;
  /** A match that begins with it, in the same commit. What refuses it may be over when it is tried again. */
  readonly match?: string;
}

export interface CombatStartServices {
  readonly commands: Commands<{ Joueur: UnfilledPlayerCommand; Combat: CombatCommand }>;
  readonly store: Pick<EventStore, "heads">;
  readonly catalogue: () => Catalogue;
  readonly world: () => Promise<WorldState | undefined>;
}

function isReference(one: Given | Reference): one is Reference {
  return !("statsCombat" in one);
}

/** In capitals it is the same fighter. */
function inLowerCase(one: Given): Given {
  return { ...one, entiteId: one.entiteId.toLowerCase() };
}

type Refusal = Answer & { ok: false };

function notFound(one: Reference): Refusal {
  return refusal("NOT_FOUND", `${one.typeEntite} ${one.entiteId} is not there, or does not fight`);
}

/** Begins a combat, and in the same commit takes in the players who are given by reference: all of it, or nothing. */
export async function startCombat(
  body: CombatStartBody,
  start: CombatStart,
  services: CombatStartServices,
): Promise<Answer> {
  const { combatId, commandId, userId, correlationId, match } = start;
  const { commands } = services;
  const known = await refuseKnownPlayers(body, services);
  if (known !== undefined) return known;
  const npcs = await resolveNpcs(body, services);
  if ("ok" in npcs) return npcs;

  const players = new Map<string, PlayerState>();
  const referred = body.participants.filter((one) => isReference(one) && one.typeEntite === "JOUEUR");
  const parties: TypedParty[] = referred.map(({ entiteId }) =>
    commands.party("Joueur", entiteId, () => ({ type: "EngagerCombat", combatId, typeCombat: body.typeCombat }), {
      seen: (state: PlayerState) => void players.set(entiteId, state),
    }),
  );
  const begun = commands.party(
    "Combat",
    combatId,
    () => {
      const participants = body.participants.map((one, i) => {
        if (!isReference(one)) return inLowerCase(one);
        const player = players.get(one.entiteId);
        if (player === undefined) return npcs.fighters[i];
        return { ...fighterOf(player, Date.now(), one), suivi: true, cote: player.joueur.cote };
      });
      const recompenses = body.recompenses ?? npcs.loot;
      const definition = combatDefinition.safeParse({ ...body, graine: start.graine, recompenses, participants });
      if (!definition.success) return refusal("BAD_REQUEST", z.prettifyError(definition.error));
      return { type: "PreparerCombat", combatId, definition: definition.data };
    },
    { begin: true },
  );
  const answer = await commands.together([...parties, begun], {
    commandId,
    userId,
    correlationId,
    ...(match !== undefined && { match, forgetRefusal: true }),
  });
  // Its deadlines are to be kept from now on.
  if (answer.ok) await commands.awaken("Combat", combatId);
  return answer;
}

/** Who has a player's aggregate fights as that says, not as the caller would like. */
async function refuseKnownPlayers(
  { participants }: CombatStartBody,
  { store }: CombatStartServices,
): Promise<Refusal | undefined> {
  const guests = participants.filter((one) => one.typeEntite === "JOUEUR" && !isReference(one));
  if (guests.length === 0) return undefined;
  const heads = await store.heads(guests.map(({ entiteId }) => entiteId));
  for (const { entiteId } of guests) {
    if ((heads.get(entiteId)?.version ?? 0) > 0)
      return refusal("BAD_REQUEST", `player ${entiteId} is known: it is given by entiteId, equipe and position alone`);
  }
  return undefined;
}

interface Npcs {
  /** By place among the participants; empty places are not PNJ by reference. */
  readonly fighters: readonly unknown[];
  readonly loot: z.input<NonNullable<typeof combatStartBody.shape.recompenses>>;
}

const LOOT_LIMITS = { experience: 10_000_000, or: 1_000_000_000, objets: 20 } as const;

async function resolveNpcs(body: CombatStartBody, services: CombatStartServices): Promise<Npcs | Refusal> {
  const catalogue = services.catalogue();
  const playersTeams = new Set(body.participants.filter((one) => one.typeEntite === "JOUEUR").map((one) => one.equipe));
  const fighters: unknown[] = [];
  const loot = { experience: 0, or: 0, objets: [] as { itemId: string; quantite: number; chance: number }[] };
  for (const [i, one] of body.participants.entries()) {
    if (!isReference(one) || one.typeEntite === "JOUEUR") continue;
    const definition = catalogue.pnj.get(one.entiteId)?.definition ?? undefined;
    const fighter =
      definition?.typeEntite === one.typeEntite
        ? npcFighter(one.entiteId, definition, (id) => catalogue.competences.get(id)?.definition ?? undefined, one)
        : undefined;
    if (definition === undefined || fighter === undefined) return notFound(one);
    const world = one.typeEntite === "BOSS" ? await services.world() : undefined;
    if (world !== undefined && !bossIsBack(world, one.entiteId, Date.now()))
      return { ok: false, code: "BOSS_AWAY", message: `${definition.nom} has not come back yet`, retryable: false };
    fighters[i] = fighter;
    if (playersTeams.has(one.equipe)) continue;
    loot.experience += definition.butin.experience;
    loot.or += definition.butin.or;
    loot.objets.push(...definition.butin.objets);
  }
  return {
    fighters,
    loot: {
      experience: Math.min(loot.experience, LOOT_LIMITS.experience),
      or: Math.min(loot.or, LOOT_LIMITS.or),
      objets: loot.objets.slice(0, LOOT_LIMITS.objets),
    },
  };
}
