import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Authored } from "../../domain/catalogue/authored.ts";
import type { Catalogue } from "../../domain/catalogue/catalogue.ts";
import { competenceDefinitionCommand } from "../../domain/catalogue/competence.ts";
import { itemCommand } from "../../domain/catalogue/item.ts";
import { pnjDefinitionCommand } from "../../domain/catalogue/pnj.ts";
import { queteDefinitionCommand } from "../../domain/catalogue/quete.ts";
import { type Answer, refusal } from "../../domain/codes.ts";
import { wireId } from "../../rooms/wire.ts";
import { derivedUuid } from "../../store/uuid.ts";
import { type Call, commandIdOf, correlationOf, type Door, EVERYONE, idIn, NO_ID } from "../http.ts";

/** Sends an author's command, and makes sure that this node's catalogue knows what came of it. */
export type Author = (
  type: "Item" | "Competence" | "Quete" | "PNJ",
  id: string,
  envelope: { commandId: string; command: unknown; userId: string; correlationId: string },
) => Promise<Answer>;

interface Kind {
  readonly path: string;
  readonly type: Parameters<Author>[0];
  readonly key: string;
  readonly create: string;
  readonly amend: string;
  readonly withdraw?: string;
  readonly command: z.ZodType;
  entries(catalogue: Catalogue): ReadonlyMap<string, Authored<unknown>>;
}

const KINDS: readonly Kind[] = [
  {
    path: "/items",
    type: "Item",
    key: "itemId",
    create: "CreerItem",
    amend: "ModifierItem",
    withdraw: "RetirerItem",
    command: itemCommand,
    entries: ({ items }) => items,
  },
  {
    path: "/skills",
    type: "Competence",
    key: "competenceId",
    create: "DefinirCompetence",
    amend: "ModifierCompetence",
    command: competenceDefinitionCommand,
    entries: ({ competences }) => competences,
  },
  {
    path: "/quests",
    type: "Quete",
    key: "queteId",
    create: "CreerQuete",
    amend: "ModifierQuete",
    command: queteDefinitionCommand,
    entries: ({ quetes }) => quetes,
  },
  {
    path: "/npcs",
    type: "PNJ",
    key: "pnjId",
    create: "CreerPnj",
    amend: "ModifierPnj",
    command: pnjDefinitionCommand,
    entries: ({ pnj }) => pnj,
  },
];

const page = z.strictObject({
  after: wireId.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const definition = z.record(z.string(), z.unknown());
const withdrawal = z.strictObject({ raison: z.string().min(1).max(200).default("withdrawn by its author") });

/**
 * `GET`, `POST`, `PATCH` (and for items `DELETE`) of `/items`, `/skills`, `/quests`, `/npcs`: everyone reads, authors write. A
 * definition's body is its fields; `POST` takes the id with them, as `itemId`, `competenceId`, `queteId` or `pnjId`, or makes one.
 */
export function catalogueRoutes(api: FastifyInstance, door: Door, catalogue: () => Catalogue, author: Author): void {
  for (const kind of KINDS) {
    api.get(
      kind.path,
      door.guarded(EVERYONE, page, async ({ body: { after = "", limit }, reply }) => {
        const items = [...kind.entries(catalogue())]
          .filter(([id, { definition: own, retire }]) => id > after && own !== null && !retire)
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .slice(0, limit)
          .map(([id, { version, definition: own }]) => ({ [kind.key]: id, version, ...(own as object) }));
        return reply.send({ items });
      }),
    );

    api.get(
      `${kind.path}/:id`,
      door.guarded(EVERYONE, z.object({}), async ({ request, reply }) => {
        const id = idIn(request, "id");
        const found = id === undefined ? undefined : kind.entries(catalogue()).get(id);
        if (found === undefined || found.definition === null) return door.problem(reply, refusal("NOT_FOUND"));
        const { version, retire, definition: own } = found;
        return reply.send({ [kind.key]: id, version, retire, ...(own as object) });
      }),
    );

    async function write<T>(
      { who, request, reply }: Call<T>,
      id: string | undefined,
      commandId: string | undefined,
      fields: (id: string) => object,
      status: number,
    ) {
      if (id === undefined) return door.problem(reply, refusal("BAD_REQUEST", `${kind.key} is a UUID`));
      if (commandId === undefined) return door.problem(reply, NO_ID);
      const parsed = kind.command.safeParse(fields(id));
      if (!parsed.success) return door.problem(reply, refusal("BAD_REQUEST", z.prettifyError(parsed.error)));
      const envelope = { commandId, command: parsed.data, userId: who.userId, correlationId: correlationOf(request) };
      return door.respond(reply, await author(kind.type, id, envelope), { status, extra: { [kind.key]: id } });
    }

    api.post(
      kind.path,
      door.guarded(["auteur", "admin"], definition, (call) => {
        const { [kind.key]: named, ...own } = call.body;
        const commandId = commandIdOf(call.request);
        // A definition's id is its author's to choose, or follows from the request's, so that a repeat finds it.
        const id = named === undefined ? commandId && derivedUuid(kind.key, commandId) : wireId.safeParse(named).data;
        return write(call, id, commandId, (made) => ({ type: kind.create, [kind.key]: made, definition: own }), 201);
      }),
    );
    api.patch(
      `${kind.path}/:id`,
      door.guarded(["auteur", "admin"], definition, (call) =>
        write(
          call,
          idIn(call.request, "id"),
          commandIdOf(call.request),
          (id) => ({ type: kind.amend, [kind.key]: id, changements: call.body }),
          200,
        ),
      ),
    );
    const { withdraw } = kind;
    if (withdraw === undefined) continue;
    api.delete(
      `${kind.path}/:id`,
      door.guarded(["auteur", "admin"], withdrawal, (call) =>
        write(
          call,
          idIn(call.request, "id"),
          commandIdOf(call.request),
          (id) => ({ type: withdraw, [kind.key]: id, raison: call.body.raison }),
          200,
        ),
      ),
    );
  }
}
