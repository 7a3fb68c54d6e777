import { emplacement, type Stats } from "../values.ts";
import { baseStats } from "./classes.ts";
import type { CommandOf } from "./commands.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import { experienceAt } from "./formulas.ts";
import { START_CAPACITY, START_WEIGHT } from "./inventaire.ts";
import { initialJoueur } from "./joueur.ts";
import { emitWithOutfit } from "./stats.ts";

/** [PLAYER-1] */
export function create(draft: Draft, command: CommandOf<"CreerJoueur">): undefined {
  const { joueurId, username, email, pseudo, classe } = command;
  const statsBase: Stats = baseStats(classe, 1);
  emit(draft, {
    eventType: "JoueurCree",
    payload: {
      joueurId,
      username,
      ...(email === undefined ? {} : { email }),
      pseudo,
      classe,
      niveau: 1,
      experienceProchainNiveau: experienceAt(2),
      or: 0,
      cote: initialJoueur.cote,
      pointsStats: 0,
      pointsCompetence: 1,
      statsBase,
      statsTotales: statsBase,
      a: isoTime(draft.now),
    },
  });
  emit(draft, {
    eventType: "CapaciteModifiee",
    payload: {
      joueurId,
      capacite: START_CAPACITY,
      poidsMax: START_WEIGHT,
      ajout: { capacite: START_CAPACITY, poidsMax: START_WEIGHT },
      raison: "CREATION",
      reference: joueurId,
    },
  });
  const emplacements = Object.fromEntries(emplacement.options.map((place) => [place, null])) as Record<
    (typeof emplacement.options)[number],
    null
  >;
  emitWithOutfit(draft, (tenue) => ({ eventType: "EquipementCree", payload: { joueurId, emplacements, tenue } }));
}
