import type { PayloadOf as CombatPayload } from "../../../domain/combat/events.ts";
import type { StoredEvent } from "../../../domain/envelope.ts";
import type { PayloadOf } from "../../../domain/player/state.ts";
import type { LogIndex } from "./log-index.ts";

type Gold = PayloadOf<"OrModifie">;
type Added = PayloadOf<"ItemAjoute">;
type Removed = PayloadOf<"ItemRetire">;

function of<Payload>(
  log: LogIndex,
  ...types: readonly string[]
): readonly (StoredEvent & { readonly payload: Payload })[] {
  return log.events.filter(({ eventType }) => types.includes(eventType)) as never;
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, one) => total + one, 0);

/**
 * Gold and things come from where they should and go where they should, beside what the market's audit checks: no purse or pile
 * jumps, exchanges give what they take, and a combat's rewards reach each fighter once.
 */
export function checkPurses(log: LogIndex): readonly string[] {
  return [...jumps(log), ...exchanges(log), ...rewards(log)];
}

/** Each change begins where the one before it ended. */
function jumps(log: LogIndex): readonly string[] {
  const problems: string[] = [];
  const purses = new Map<string, number>();
  const piles = new Map<string, number>();
  for (const { eventType, payload, sequence } of log.events) {
    if (eventType === "JoueurCree") {
      const { joueurId, or } = payload as PayloadOf<"JoueurCree">;
      purses.set(joueurId, or);
    }
    if (eventType === "OrModifie") {
      const { joueurId, delta, solde } = payload as Gold;
      const before = purses.get(joueurId) ?? 0;
      if (before + delta !== solde)
        problems.push(`purse of ${joueurId} at ${sequence}: ${before} + ${delta} ≠ ${solde}`);
      purses.set(joueurId, solde);
    }
    if (eventType === "ItemAjoute" || eventType === "ItemRetire" || eventType === "ItemUtilise") {
      const { joueurId, slotId, quantite, quantiteApres } = payload as Added;
      const key = `${joueurId} ${slotId}`;
      const before = piles.get(key) ?? 0;
      const after = eventType === "ItemAjoute" ? before + quantite : before - quantite;
      if (after !== quantiteApres || after < 0)
        problems.push(`pile ${slotId} of ${joueurId} at ${sequence}: ${before} became ${quantiteApres} by ${quantite}`);
      piles.set(key, quantiteApres);
    }
  }
  return problems;
}

function exchanges(log: LogIndex): readonly string[] {
  const balance = new Map<string, number>();
  const move = (echangeId: string, what: string, by: number): void => {
    const key = `exchange ${echangeId}: ${what}`;
    balance.set(key, (balance.get(key) ?? 0) + by);
  };
  for (const { payload } of of<Gold>(log, "OrModifie"))
    if (payload.raison === "ECHANGE") move(payload.reference, "gold", payload.delta);
  for (const { payload } of of<Added>(log, "ItemAjoute"))
    if (payload.source === "ECHANGE") move(payload.reference, payload.itemId, payload.quantite);
  for (const { payload } of of<Removed>(log, "ItemRetire"))
    if (payload.raison === "ECHANGE") move(payload.reference, payload.itemId, -payload.quantite);
  return [...balance].flatMap(([key, rest]) => (rest === 0 ? [] : [`${key}: ${rest} out of nothing`]));
}

function rewards(log: LogIndex): readonly string[] {
  const left = Map.groupBy(
    of<PayloadOf<"CombatQuitte">>(log, "CombatQuitte"),
    ({ payload }) => `${payload.joueurId} ${payload.combatId}`,
  );
  const gold = Map.groupBy(of<Gold>(log, "OrModifie"), ({ payload }) => `${payload.joueurId} ${payload.reference}`);
  const goods = Map.groupBy(of<Added>(log, "ItemAjoute"), ({ payload }) => `${payload.joueurId} ${payload.reference}`);
  const problems: string[] = [];
  for (const { payload, eventType } of of<CombatPayload<"CombatTermine">>(log, "CombatTermine", "CombatAbandonne")) {
    const recompenses = eventType === "CombatTermine" ? payload.recompenses : {};
    for (const [participantId, { entiteId }] of Object.entries(payload.retours)) {
      const key = `${entiteId} ${payload.combatId}`;
      const times = left.get(key)?.length ?? 0;
      if (times !== 1) problems.push(`combat ${payload.combatId} was closed ${times} times for ${entiteId}`);
      const { or = 0, objets = [] } = recompenses[participantId] ?? {};
      const got = sum((gold.get(key) ?? []).map((one) => one.payload.delta));
      if (got !== or) problems.push(`combat ${payload.combatId} owes ${entiteId} ${or} gold, and ${got} came`);
      const pieces = sum((goods.get(key) ?? []).map((one) => one.payload.quantite));
      const owed = sum(objets.map(({ quantite }) => quantite));
      if (pieces !== owed)
        problems.push(`combat ${payload.combatId} owes ${entiteId} ${owed} pieces, and ${pieces} came`);
    }
  }
  return problems;
}
