import type { z } from "zod";
import type { Objet, participantDefinition } from "../combat/participant.ts";
import type { DeepReadonly } from "../combat/values.ts";
import { combatSkills } from "./competences.ts";
import { type InventaireState, slotsInOrder } from "./inventaire.ts";
import type { PlayerState } from "./state.ts";
import { totalStats, usableSkills } from "./stats.ts";
import { currentVitals } from "./vitals.ts";

/** The bounds of a combat's participant (domain/combat/participant.ts). */
const MAX_SKILLS = 16;
const MAX_ITEMS = 16;
const MAX_PIECES = 999;

/** [FIGHT-8]: usable pieces of the same item count together, with the use that the first of them has. */
function itemsOf({ joueur, inventaire }: PlayerState): Objet[] {
  const found = new Map<string, Objet>();
  for (const { itemId, quantite, emplacement, proprietes } of slotsInOrder(inventaire)) {
    const { usage, nom, niveauRequis, classes } = proprietes;
    const allowed = joueur.niveau >= niveauRequis && (classes.length === 0 || classes.includes(joueur.classe));
    if (usage === undefined || emplacement !== null || !allowed) continue;
    const before = found.get(itemId);
    const sum = Math.min(MAX_PIECES, quantite + (before?.quantite ?? 0));
    found.set(itemId, before === undefined ? { ...usage, itemId, nom, quantite: sum } : { ...before, quantite: sum });
  }
  return [...found.values()].slice(0, MAX_ITEMS);
}

function equipmentOf(inventaire: InventaireState): Record<string, { itemId: string; nom: string }> {
  const worn = slotsInOrder(inventaire).flatMap(({ emplacement, itemId, proprietes }) =>
    emplacement === null ? [] : [[emplacement, { itemId, nom: proprietes.nom }] as const],
  );
  return Object.fromEntries(worn);
}

export type Fighter = DeepReadonly<z.input<typeof participantDefinition>>;

/** [FIGHT-8]: the player as a combat takes it in at `now` (ms since the epoch). Who has no hit points left is not to be taken in. */
export function fighterOf(state: PlayerState, now: number, place: { equipe: string; position: number }): Fighter {
  const { hpMax, mpMax, staminaMax, initiative, ...statsCombat } = totalStats(state, now);
  const vitaux = currentVitals(state, now);
  return {
    entiteId: state.joueur.joueurId,
    typeEntite: "JOUEUR",
    nom: state.joueur.pseudo,
    niveau: state.joueur.niveau,
    ...place,
    initiative,
    hpMax,
    mpMax,
    staminaMax,
    ...vitaux,
    hpActuel: Math.max(1, vitaux.hpActuel),
    statsCombat,
    resistances: {},
    equipement: equipmentOf(state.inventaire),
    competences: combatSkills(usableSkills(state)).slice(0, MAX_SKILLS),
    objets: itemsOf(state),
  };
}
