import { npcFighter } from "../../../domain/catalogue/npc-fighter.ts";
import { type CombatDefinitionInput, combatDefinition } from "../../../domain/combat/definition.ts";
import { chooseAction } from "../../../domain/combat/npc.ts";
import type { CombatState, Participant } from "../../../domain/combat/state.ts";
import { fighterOf } from "../../../domain/player/fighter.ts";
import type { Game, Sent } from "./game.ts";

interface Fight {
  readonly combatId: string;
  readonly typeCombat: CombatDefinitionInput["typeCombat"];
  readonly zoneId: string;
  /** Teams of players' ids; whoever is not a player is a non-player of the catalogue. */
  readonly teams: readonly (readonly string[])[];
  readonly preparationMs?: number;
}

/** Begins a combat as the server does: every player engages in the same commit, loot is what the beaten would leave. */
export function begin(game: Game, { combatId, typeCombat, zoneId, teams, preparationMs = 0 }: Fight): void {
  const { catalogue } = game;
  const skillNamed = (id: string) => catalogue.competences.get(id)?.definition ?? undefined;
  const players: string[] = [];
  const butins: CombatDefinitionInput["recompenses"][] = [];
  const participants = teams.flatMap((team, at) =>
    team.map((id) => {
      const place = { equipe: `equipe ${at + 1}`, position: 4 + at };
      const pnj = catalogue.pnj.get(id)?.definition;
      if (pnj === undefined || pnj === null) {
        players.push(id);
        const state = game.player(id);
        return { ...fighterOf(state, game.now, place), suivi: true, cote: state.joueur.cote };
      }
      butins.push(structuredClone(pnj.butin) as CombatDefinitionInput["recompenses"]);
      return npcFighter(id, pnj, skillNamed, place);
    }),
  );
  const definition = combatDefinition.parse({
    ...{ typeCombat, zone: { zoneId }, graine: combatId, preparationMs, participants },
    recompenses: {
      experience: butins.reduce((sum, one) => sum + (one?.experience ?? 0), 0),
      or: butins.reduce((sum, one) => sum + (one?.or ?? 0), 0),
      objets: butins.flatMap((one) => one?.objets ?? []),
    },
  });
  game.together([
    ...players.map((id) => ({
      to: "Joueur" as const,
      id,
      command: { type: "EngagerCombat", combatId, typeCombat } satisfies Sent,
    })),
    { to: "Combat", id: combatId, command: { type: "PreparerCombat", combatId, definition } },
  ]);
}

type Choice = (state: CombatState, actor: Participant) => Sent | undefined;

function next(game: Game, combatId: string, choice: Choice): boolean {
  const state = game.combat(combatId);
  const actor = state.participantActifId === null ? undefined : state.participants[state.participantActifId];
  if (state.etat !== "EN_COURS" || actor === undefined) return false;
  if (actor.typeEntite !== "JOUEUR") {
    game.send("Combat", combatId, { type: "JouerPnj", numeroTour: state.tourActuel });
    return true;
  }
  const joueurId = actor.entiteId;
  const command = choice(state, actor) ?? { type: "ExecuterAction", ...chooseAction(state, actor) };
  game.send("Combat", combatId, { ...command, joueurId });
  return true;
}

/** Fights on for so many turns, or to the end. What `choice` leaves open, players do as a non-player would. */
export function fight(game: Game, combatId: string, choice: Choice = () => undefined, turns = 500): void {
  for (let turn = 0; turn < turns; turn++) if (!next(game, combatId, choice)) return;
  if (turns === 500) throw new Error("this fight does not end");
}

export function acts(typeAction: string, more: Readonly<Record<string, unknown>> = {}): Sent {
  return { type: "ExecuterAction", typeAction, ...more };
}
