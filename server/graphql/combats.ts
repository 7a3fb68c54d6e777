import { z } from "zod";
import type { CombatDetails, CombatParticipant, CombatSummary } from "../../projections/combat-queries.ts";
import { listCombats, type readActionsOf, type readHistories } from "../../projections/combat-queries.ts";
import { type Builder, connectionOf, connectionType, listCost, placeOf, plain, refuse } from "./builder.ts";
import type { Context } from "./context.ts";
import type { PlayerTypes } from "./players.ts";

type Pages<Read extends (...args: never) => unknown> =
  Awaited<ReturnType<Read>> extends ReadonlyMap<string, infer Value> ? Value : never;
type Line = Pages<typeof readHistories>["items"][number];
type Act = Pages<typeof readActionsOf>["items"][number];

const ETATS = ["PREPARATION", "EN_COURS", "TERMINE", "ABANDONNE"] as const;
const placeKey = z.tuple([z.int(), z.int().min(0)]);

/** As REST's: players look into combats that they take part in; spectators, services and operators into any. */
export async function mayWatch(context: Context, combatId: string): Promise<boolean> {
  const { who, load } = context;
  switch (who.role) {
    case "spectateur":
    case "service":
    case "admin":
      return true;
    case "auteur":
      return false;
    case "joueur": {
      const combat = (await load.combat.load(combatId)) ?? (await newest(context, combatId));
      return combat?.participants.some((one) => one.typeEntite === "JOUEUR" && one.entiteId === who.userId) === true;
    }
  }
}

/** A combat that has only just begun: its players know of it before the read model does. */
async function newest({ freshness, live, load }: Context, combatId: string): Promise<CombatDetails | undefined> {
  await freshness.reached(["combat"], live.settled());
  return load.combat.clear(combatId).load(combatId);
}

export function combatTypes(builder: Builder, { joueur }: PlayerTypes): void {
  const participant = builder.objectRef<CombatParticipant>("Participant").implement({
    fields: (t) => ({
      ...plain(t, {
        participantId: "ID!",
        entiteId: "ID!",
        typeEntite: "String!",
        equipe: "String!",
        nom: "String!",
        niveau: "Int!",
        initiative: "Int!",
        position: "Int!",
        etat: "String!",
        hpActuel: "Int!",
        hpMax: "Int!",
        mpActuel: "Int!",
        mpMax: "Int!",
        staminaActuel: "Int!",
        staminaMax: "Int!",
        rejoint: "Boolean!",
        peutAgir: "Boolean!",
        effets: "JSON!",
      }),
      joueur: t.field({
        type: joueur,
        description: "Null: it is none, or not known yet.",
        resolve: (one, _, { load }) => (one.typeEntite === "JOUEUR" ? load.player.load(one.entiteId) : undefined),
      }),
    }),
  });

  const line = builder.objectRef<Line>("LigneHistorique").implement({
    fields: (t) =>
      plain(t, {
        sequence: "Float!",
        eventId: "ID!",
        eventType: "String!",
        numeroTour: "Int!",
        typeEvenement: "String!",
        acteurId: "ID",
        severite: "String!",
        timestamp: "String!",
        details: "JSON!",
      }),
  });
  const act = builder.objectRef<Act>("Action").implement({
    fields: (t) =>
      plain(t, {
        sequence: "Float!",
        actionId: "ID!",
        numeroTour: "Int!",
        participantId: "ID!",
        typeAction: "String!",
        competenceId: "ID",
        itemId: "ID",
        cibles: "JSON!",
        resultat: "String!",
        effetsAppliques: "JSON!",
        tempsExecutionMs: "Int",
        timestamp: "String!",
      }),
  });
  const lines = connectionType(builder, "Historique", line as never);
  const acts = connectionType(builder, "Actions", act as never);

  async function details({ combatId }: Pick<CombatSummary, "combatId">, context: Context): Promise<CombatDetails> {
    if (!(await mayWatch(context, combatId))) throw refuse("FORBIDDEN", "this combat is not the player's");
    const found = await context.load.combat.load(combatId);
    if (found === undefined) throw refuse("NOT_FOUND");
    return found;
  }

  const combat = builder.objectRef<CombatSummary>("Combat").implement({
    fields: (t) => ({
      ...plain(t, {
        combatId: "ID!",
        etat: "String!",
        typeCombat: "String!",
        zone: "JSON!",
        tourActuel: "Int!",
        heureDebut: "String!",
        heureFin: "String",
      }),
      version: t.int({ resolve: async (one, _, context) => (await details(one, context)).version }),
      sequence: t.float({ resolve: async (one, _, context) => (await details(one, context)).sequence }),
      manche: t.int({ resolve: async (one, _, context) => (await details(one, context)).manche }),
      participantActifId: t.id({
        resolve: async (one, _, context) => (await details(one, context)).participantActifId,
      }),
      echeance: t.string({ resolve: async (one, _, context) => (await details(one, context)).echeance }),
      ordreTour: t.idList({ resolve: async (one, _, context) => [...(await details(one, context)).ordreTour] }),
      recompenses: t.field({
        type: "JSON",
        resolve: async (one, _, context) => (await details(one, context)).recompenses,
      }),
      fin: t.field({ type: "JSON", resolve: async (one, _, context) => (await details(one, context)).fin }),
      participants: t.field({
        type: [participant],
        resolve: async (one, _, context) => [...(await details(one, context)).participants],
      }),
      historique: t.field({
        type: lines,
        args: { first: t.arg.int(), after: t.arg.string() },
        complexity: listCost,
        async resolve(one, args, context) {
          await details(one, context);
          const page = await context.load.histories(one.combatId, historyPlace(args));
          const { next, items = [] } = page ?? {};
          return connectionOf({ items, ...(next && { next: "" }) }, keyOfEntry);
        },
      }),
      actions: t.field({
        type: acts,
        args: { first: t.arg.int(), after: t.arg.string() },
        complexity: listCost,
        async resolve(one, args, context) {
          await details(one, context);
          const page = await context.load.actions(one.combatId, historyPlace(args));
          const { next, items = [] } = page ?? {};
          return connectionOf({ items, ...(next && { next: "" }) }, keyOfEntry);
        },
      }),
    }),
  });
  const combats = connectionType(builder, "Combat", combat as never);

  builder.queryFields((t) => ({
    combat: t.field({
      type: combat,
      args: { combatId: t.arg.id({ required: true }) },
      resolve: (_, { combatId }, { load }) => load.combat.load(idOf(combatId)),
    }),
    combats: t.field({
      type: combats,
      nullable: false,
      description: "Of one state, by id.",
      args: { etat: t.arg.string(), zone: t.arg.id(), first: t.arg.int(), after: t.arg.string() },
      complexity: listCost,
      async resolve(_, { etat, zone, ...args }, { readModels }) {
        const wanted = z.enum(ETATS).safeParse(etat ?? "EN_COURS");
        if (!wanted.success) throw refuse("BAD_REQUEST", `etat is one of ${ETATS.join(", ")}`);
        const { limit, after } = placeOf(args, z.uuid());
        const inZone = zone === null || zone === undefined ? undefined : idOf(zone);
        const page = await listCombats(readModels, { etat: wanted.data, zone: inZone, after, limit });
        return connectionOf(page, ({ combatId }) => combatId);
      },
    }),
  }));
}

const keyOfEntry = ({ numeroTour, sequence }: { numeroTour: number; sequence: number }) => [numeroTour, sequence];

function historyPlace(args: Parameters<typeof placeOf>[0]) {
  const { limit, after } = placeOf(args, placeKey);
  return { limit, ...(after !== undefined && { after: { numeroTour: after[0], sequence: after[1] } }) };
}

/** @throws a refusal */
export function idOf(given: string | number): string {
  const id = z.uuid().safeParse(given);
  if (!id.success) throw refuse("BAD_REQUEST", "an id is a UUID");
  return id.data.toLowerCase();
}
