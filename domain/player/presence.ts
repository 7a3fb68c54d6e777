import type { CommandOf } from "./commands.ts";
import { type Draft, emit, isoTime } from "./draft.ts";
import type { PlayerRejectionCode } from "./rejections.ts";

/** [PLAYER-4]: each session once. */
export function connect(draft: Draft, { sessionId }: CommandOf<"SeConnecter">): undefined {
  const { joueurId, sessions } = draft.state.joueur;
  if (sessions.includes(sessionId)) return;
  emit(draft, { eventType: "JoueurConnecte", payload: { joueurId, sessionId, a: isoTime(draft.now) } });
}

/** [PLAYER-4] */
export function disconnect(draft: Draft, { sessionId }: CommandOf<"SeDeconnecter">): undefined {
  const { joueurId, sessions } = draft.state.joueur;
  if (!sessions.includes(sessionId)) return;
  emit(draft, { eventType: "JoueurDeconnecte", payload: { joueurId, sessionId, a: isoTime(draft.now) } });
}

/** [PLAYER-5] */
export function joinGuild(draft: Draft, { guildeId, nom }: CommandOf<"RejoindreGuilde">): undefined {
  const { joueurId, guilde } = draft.state.joueur;
  if (guilde?.guildeId === guildeId && guilde.nom === nom) return;
  emit(draft, { eventType: "GuildeRejointe", payload: { joueurId, guildeId, nom } });
}

/** [FORGET-2]: once; not while another player has the name in an exchange. */
export function erasePersonalData(
  draft: Draft,
  { joueurId }: CommandOf<"EffacerDonneesPersonnelles">,
): PlayerRejectionCode | undefined {
  const { efface, echange } = draft.state.joueur;
  if (efface) return undefined;
  if (echange !== null) return "EXCHANGE_UNDER_WAY";
  emit(draft, { eventType: "DonneesPersonnellesEffacees", payload: { joueurId, a: isoTime(draft.now) } });
  return undefined;
}
