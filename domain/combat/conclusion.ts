import { advance, type Draft, emit, roll } from "./draft.ts";
import type { PayloadOf, Retour } from "./events.ts";
import { inOrder } from "./roster.ts";
import type { Participant } from "./state.ts";
import type { Verdict } from "./victory.ts";

type Rewards = PayloadOf<"CombatTermine">["recompenses"];

/** [END-7]: experience in full for each, gold in equal shares with the remainder to the first, drops by the seed. */
function share(draft: Draft, winners: readonly Participant[]): Rewards {
  const promised = draft.state.recompenses;
  const each = winners.length === 0 ? 0 : Math.floor(promised.or / winners.length);
  const rest = promised.or - each * winners.length;
  return Object.fromEntries(
    winners.map((one, index) => [
      one.participantId,
      {
        entiteId: one.entiteId,
        experience: promised.experience,
        or: index === 0 ? each + rest : each,
        objets: promised.objets.flatMap(({ itemId, quantite, chance }) =>
          roll(draft) <= chance ? [{ itemId, quantite }] : [],
        ),
      },
    ]),
  );
}

function card({ participantId, entiteId, typeEntite, equipe, nom }: Participant) {
  return { participantId, entiteId, typeEntite, equipe, nom };
}

/** [END-6]: who fled or gave up shares in no victory. */
function won(one: Participant, verdict: Verdict): boolean {
  return verdict.equipes.includes(one.equipe) && one.etat !== "FUITE" && !one.retire;
}

/** [END-9]: what goes back to the players who are followed; `resultatOf` tells how it ended for one. */
export function returnsOf(
  draft: Draft,
  resultatOf: (one: Participant) => Retour["resultat"],
): Readonly<Record<string, Retour>> {
  const all = inOrder(draft.state);
  const nonPlayers = new Set(all.filter((one) => one.typeEntite !== "JOUEUR").map((one) => one.entiteId));
  return Object.fromEntries(
    all
      .filter((one) => one.suivi)
      .map((one) => {
        const { participantId, entiteId, equipe, hpActuel, mpActuel, staminaActuel, bilan, cote } = one;
        const mates = all.filter((other) => other.equipe === equipe);
        const pnjVaincus = mates.flatMap((mate) => mate.bilan.eliminations.filter((id) => nonPlayers.has(id)));
        const { objetsUtilises } = bilan;
        const resultat = resultatOf(one);
        const points = { hpActuel, mpActuel, staminaActuel };
        const rating = cote === undefined ? {} : { cote };
        return [participantId, { entiteId, equipe, resultat, ...points, objetsUtilises, pnjVaincus, ...rating }];
      }),
  );
}

/** Ends the combat with `verdict`. */
export function finish(draft: Draft, verdict: Verdict): void {
  const { state } = draft;
  const all = inOrder(state);
  const winners = all.filter((one) => won(one, verdict));
  advance(draft, "FINISH");
  emit(draft, {
    eventType: "CombatTermine",
    payload: {
      combatId: state.combatId,
      typeCombat: state.typeCombat,
      zone: state.zone,
      resultat: verdict.resultat,
      raison: verdict.raison,
      equipesVictorieuses: verdict.equipes,
      vainqueurs: winners.map(card),
      vaincus: verdict.resultat === "NUL" ? [] : all.filter((one) => !won(one, verdict)).map(card),
      bossVaincus: all.filter((one) => one.typeEntite === "BOSS" && one.etat === "MORT").map(card),
      tours: state.tourActuel,
      statistiques: Object.fromEntries(all.map((one) => [one.participantId, one.bilan])),
      recompenses: share(
        draft,
        winners.filter((one) => one.typeEntite === "JOUEUR"),
      ),
      retours: returnsOf(draft, (one) => {
        if (verdict.resultat === "NUL") return "NUL";
        return won(one, verdict) ? "VICTOIRE" : "DEFAITE";
      }),
    },
  });
}
