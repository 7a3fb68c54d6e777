import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { ROLES } from "../../domain/roles.ts";
import { cursorSchema, pageOf } from "../../projections/keyset.ts";
import { wireId } from "../../rooms/wire.ts";
import type { AuditLines } from "../../store/audit-lines.ts";
import type { Door } from "../http.ts";
import { at, count, id, page } from "./answers.ts";

const instant = z.iso.datetime({ offset: true });
const query = z.strictObject({
  userId: wireId.optional(),
  role: z.enum(ROLES).optional(),
  act: z.string().max(200).optional().meta({ description: "e.g. POST /admin/dead-letters/:id/retry" }),
  target: z.string().max(500).optional().meta({ description: "the path that was called" }),
  correlationId: wireId.optional(),
  refused: z.stringbool().optional(),
  from: instant.optional(),
  to: instant.optional(),
  after: cursorSchema(count).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

const line = z.strictObject({
  lineId: count,
  at,
  userId: id,
  role: z.enum(ROLES),
  act: z.string(),
  target: z.string(),
  correlationId: id,
  address: z.string().nullable(),
  status: z
    .int()
    .nullable()
    .meta({ description: "null: the node ended before the act did; it may have been done or not" }),
  code: z.string().nullable().meta({ description: "of a refusal" }),
});

/** Who of the operators and services did what. */
export function auditLineRoutes(api: FastifyInstance, door: Door, lines: Pick<AuditLines, "find">): void {
  api.get(
    "/admin/audit",
    door.guarded(
      {
        does: "What operators and services did, the newest first: who, what, when, from where, with which outcome.",
        roles: ["admin"],
        takes: query,
        gives: page(line),
      },
      async ({ body: { after, limit, ...filter }, reply }) => {
        const rows = await lines.find(filter, after, limit + 1);
        return reply.send(pageOf(rows, limit, ({ lineId }) => lineId));
      },
    ),
  );
}
