import { isIP } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Role } from "../domain/roles.ts";
import type { Principal } from "../rooms/principal.ts";
import type { Telemetry } from "../rooms/telemetry.ts";
import type { AuditLines } from "../store/audit-lines.ts";

/** Whose acts leave a line (contract: "Who may do what"). */
const AUDITED: readonly Role[] = ["admin", "service"];

export interface Acts {
  /** Writes the line of a call that may change something. @throws when it cannot be written: then nothing is to be done */
  begin(who: Pick<Principal, "userId" | "role">, request: FastifyRequest, correlationId: string): Promise<void>;
  /** With which code the call is refused. */
  refused(request: FastifyRequest, code: string): void;
}

/** Behind a proxy it is whatever that one says, and may be nothing that the database takes for an address. */
function addressOf({ ip }: FastifyRequest): string | undefined {
  const [address = ""] = ip.split("%");
  return isIP(address) === 0 ? undefined : address;
}

/** The line of each call of operators and services: written before the act, ended before its answer goes out. */
export function createActs(lines: Pick<AuditLines, "begin" | "end">, telemetry: Telemetry) {
  const begun = new WeakMap<FastifyRequest, { readonly lineId: number; code?: string }>();

  const acts: Acts = {
    async begin({ userId, role }, request, correlationId) {
      if (!AUDITED.includes(role)) return;
      const [target = ""] = request.url.split("?");
      const act = `${request.method} ${request.routeOptions.url ?? target}`;
      const lineId = await lines.begin({ userId, role, act, target, correlationId, address: addressOf(request) });
      begun.set(request, { lineId });
    },
    refused(request, code) {
      const line = begun.get(request);
      if (line !== undefined) line.code = code;
    },
  };

  return {
    ...acts,
    /** To be called before the first route. */
    attach(api: FastifyInstance): void {
      api.addHook("onSend", async (request, reply) => {
        const line = begun.get(request);
        if (line === undefined) return;
        begun.delete(request);
        try {
          await lines.end(line.lineId, reply.statusCode, line.code);
        } catch (error) {
          // It was done: the answer goes out, and the line says that nobody knows.
          telemetry.fault("audit", error);
        }
      });
    },
  };
}
