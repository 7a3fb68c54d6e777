import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { changesOf } from "../../domain/catalogue/authored.ts";
import type { Catalogue } from "../../domain/catalogue/catalogue.ts";
import { competenceDefinitionCommand } from "../../domain/catalogue/competence.ts";
import {
  competenceDefinition,
  itemDefinition,
  pnjDefinition,
  queteDefinition,
} from "../../domain/catalogue/definitions.ts";
import { itemCommand } from "../../domain/catalogue/item.ts";
import { pnjDefinitionCommand } from "../../domain/catalogue/pnj.ts";
import { queteDefinitionCommand } from "../../domain/catalogue/quete.ts";
import { type Answer, refusal } from "../../domain/codes.ts";
import { wireId } from "../../rooms/wire.ts";
import { derivedUuid } from "../../store/uuid.ts";
import { type Call, commandIdOf, correlationOf, type Door, EVERYONE, idIn, NO_ID } from "../http.ts";
import { accepted, count, page as pageOf, id as uuid } from "./answers.ts";

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
  readonly definition: z.ZodObject;
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
    definition: itemDefinition,
  },
  {
    path: "/skills",
    type: "Competence",
    key: "competenceId",
    create: "DefinirCompetence",
    amend: "ModifierCompetence",
    command: competenceDefinitionCommand,
    definition: competenceDefinition,
  },
  {
    path: "/quests",
    type: "Quete",
    key: "queteId",
    create: "CreerQuete",
    amend: "ModifierQuete",
    command: queteDefinitionCommand,
    definition: queteDefinition,
  },
  {
    path: "/npcs",
    type: "PNJ",
    key: "pnjId",
    create: "CreerPnj",
    amend: "ModifierPnj",
    command: pnjDefinitionCommand,
    definition: pnjDefinition,
  },
];

const page = z.strictObject({
  after: wireId.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const AUTHORS = ["auteur", "admin"] as const;
const definition = z.record(z.string(), z.unknown());
const withdrawal = z.strictObject({ raison: z.string().min(1).max(200).default("withdrawn by its author") });

const npc = z.strictObject({ pnjId: uuid, version: count, retire: z.boolean(), ...pnjDefinition.shape });

/** `GET /npcs`, `/npcs/{id}`: from this node's catalogue. They have no read model. */
function npcReads(api: FastifyInstance, door: Door, catalogue: () => Catalogue): void {
  api.get(
    "/npcs",
    door.guarded(
      { does: "The catalogue's NPCs, by id.", roles: EVERYONE, takes: page, gives: pageOf(npc) },
      async ({ body: { after = "", limit }, reply }) => {
        const known = [...catalogue().pnj]
          .flatMap(([pnjId, { version, retire, definition: own }]) =>
            pnjId > after && own !== null && !retire ? [{ pnjId, version, retire, ...own }] : [],
          )
          .sort((one, other) => (one.pnjId < other.pnjId ? -1 : 1));
        const items = known.slice(0, limit);
        const last = items.at(-1);
        return reply.send({ items, ...(known.length > limit && last !== undefined && { next: last.pnjId }) });
      },
    ),
  );

  api.get(
    "/npcs/:id",
    door.guarded(
      { does: "One of the catalogue's NPCs.", roles: EVERYONE, takes: z.strictObject({}), gives: npc },
      async ({ request, reply }) => {
        const pnjId = idIn(request, "id");
        if (pnjId === undefined) return door.problem(reply, refusal("NOT_FOUND"));
        const found = catalogue().pnj.get(pnjId);
        if (found === undefined || found.definition === null) return door.problem(reply, refusal("NOT_FOUND"));
        const { version, retire, definition: own } = found;
        return reply.send({ pnjId, version, retire, ...own });
      },
    ),
  );
}

/**
 * `POST`, `PATCH` (and for items `DELETE`) of `/items`, `/skills`, `/quests`, `/npcs`, for authors. A
 * definition's body is its fields; `POST` takes the id with them, as `itemId`, `competenceId`, `queteId` or `pnjId`, or makes one.
 */
export function catalogueRoutes(api: FastifyInstance, door: Door, catalogue: () => Catalogue, author: Author): void {
  npcReads(api, door, catalogue);
  for (const kind of KINDS) {
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
      door.guarded(
        {
          does: `Creates: ${kind.create}.`,
          roles: AUTHORS,
          takes: definition,
          holds: z.strictObject({ [kind.key]: uuid.optional(), ...kind.definition.shape }),
          status: 201,
          gives: accepted.extend({ [kind.key]: uuid }),
        },
        (call) => {
          const { [kind.key]: named, ...own } = call.body;
          const commandId = commandIdOf(call.request);
          // A definition's id is its author's to choose, or follows from the request's, so that a repeat finds it.
          const id = named === undefined ? commandId && derivedUuid(kind.key, commandId) : wireId.safeParse(named).data;
          return write(call, id, commandId, (made) => ({ type: kind.create, [kind.key]: made, definition: own }), 201);
        },
      ),
    );
    api.patch(
      `${kind.path}/:id`,
      door.guarded(
        {
          does: `Amends: ${kind.amend}.`,
          roles: AUTHORS,
          takes: definition,
          holds: changesOf(kind.definition),
          gives: accepted.extend({ [kind.key]: uuid }),
        },
        (call) =>
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
      door.guarded(
        {
          does: `Withdraws: ${withdraw}.`,
          roles: AUTHORS,
          takes: withdrawal,
          gives: accepted.extend({ [kind.key]: uuid }),
        },
        (call) =>
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
