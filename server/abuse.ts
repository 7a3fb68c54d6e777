import { randomUUID } from "node:crypto";
import { NIL } from "uuid";
import type { AuditLines } from "../store/audit-lines.ts";
import type { Bans } from "./entrance.ts";

/** By whom a player is shut out where no operator did it. */
export const BY_ITSELF = NIL;

/** Shuts out who does not stop, as an operator would: with a line of its own before the act, and to be lifted by the same call. */
export function createAbuseBans(lines: Pick<AuditLines, "begin" | "end">, bans: Pick<Bans, "ban">) {
  return async (ban: { readonly userId: string; readonly reason: string; readonly until: string }): Promise<void> => {
    const correlationId = randomUUID();
    const lineId = await lines.begin({
      ...{ userId: BY_ITSELF, role: "service", act: "POST /admin/players/:id/ban" },
      target: `/admin/players/${ban.userId}/ban`,
      ...{ correlationId, address: undefined },
    });
    await bans.ban({ ...ban, correlationId, bannedBy: BY_ITSELF });
    await lines.end(lineId, 201, undefined);
  };
}
