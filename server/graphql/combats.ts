import { z } from "zod";
import type { CombatHead } from "../../projections/combat-access.ts";
import type { CombatDetails, CombatParticipant, CombatSummary } from "../../projections/combat-queries.ts";
import { listCombats, type readActionsOf, type readHistories } from "../../projections/combat-queries.ts";
import { COMBAT_VIEWERS, mayLookInto, viewerOf } from "../visibility.ts";
import {
  type Builder,
  choice,
  connectionOf,
  connectionType,
  idOf,
  listCost,
  type PageArgs,
  placeOf,
  plain,
  refuse,
} from "./builder.ts";
import type { CatalogueTypes } from "./catalogue.ts";
import type { Context } from "./context.ts";
import type { PlayerTypes } from "./players.ts";

type Pages<Read extends (...args: never) => unknown> =
  Awaited<ReturnType<Read>> extends ReadonlyMap<string, infer Value> ? Value : never;
interface OfCombat {
  readonly combatId: string;
}
type Line = Pages<typeof readHistories>["items"][number] & OfCombat;
type Act = Pages<typeof readActionsOf>["items"][number] & OfCombat;

const ACT = {
  sequence: "Float!",
  combatId: "ID!",
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
} as const;
const ETATS = ["PREPARATION", "EN_COURS", "TERMINE", "ABANDONNE"] as const;
const placeKey = z.tuple([z.int(), z.int().min(0)]);

/** As over REST. Undefined: there is no such combat for them. */
export async function headOf(context: Context, combatId: string): Promise<CombatHead | undefined> {
  const { who, load, freshness, live } = context;
  if (!COMBAT_VIEWERS.some((role) => role === who.role)) throw refuse("FORBIDDEN");
  let head = await load.combatHead.load(combatId);
  if (head === undefined) {
    // It may have only just begun: its players know of it before the read model does, and before this node's feed.
    await freshness.reached(["combat"], await live.newest());
    head = await load.combatHead.clear(combatId).load(combatId);
  }
  if (head === undefined || mayLookInto(who, head)) return head;
  throw refuse("FORBIDDEN", "this combat is not the player's");
}

/** One of a combat that may be looked into: whoever reads its entries has been asked. */
async function participantOf({ load }: Context, combatId: string, id: string | null) {
  return (await load.combat.load(combatId))?.participants.find(({ participantId }) => participantId === id);
}

export function combatTypes(
  builder: Builder,
  { joueur }: PlayerTypes,
  { item, competence }: Pick<CatalogueTypes, "item" | "competence">,
): void {
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
    fields: (t) => ({
      ...plain(t, {
        sequence: "Float!",
        combatId: "ID!",
        eventId: "ID!",
        eventType: "String!",
        numeroTour: "Int!",
        typeEvenement: "String!",
        acteurId: "ID",
        severite: "String!",
        timestamp: "String!",
        details: "JSON!",
      }),
      acteur: t.field({
        type: participant,
        resolve: ({ combatId, acteurId }, _, context) => participantOf(context, combatId, acteurId),
      }),
    }),
  });
  const act = builder.objectRef<Act>("Action").implement({
    fields: (t) => ({
      ...plain(t, ACT),
      donnees: t.field({
        type: "JSON",
        nullable: false,
        description: "What it cost, and the rolls.",
        resolve: (one) => Object.fromEntries(Object.entries(one).filter(([name]) => !(name in ACT))),
      }),
      participant: t.field({
        type: participant,
        resolve: ({ combatId, participantId }, _, context) => participantOf(context, combatId, participantId),
      }),
      competence: t.field({
        type: competence,
        resolve: ({ competenceId }, _, { load }) =>
          competenceId === null ? null : load.competences.load(competenceId),
      }),
      item: t.field({
        type: item,
        resolve: ({ itemId }, _, { load }) => (itemId === null ? null : load.items.load(itemId)),
      }),
    }),
  });
  const lines = connectionType(builder, "Historique", line as never);
  const acts = connectionType(builder, "Actions", act as never);

  async function details({ combatId }: Pick<CombatSummary, "combatId">, context: Context): Promise<CombatDetails> {
    const head = await headOf(context, combatId);
    const found = head && (await context.load.combat.load(combatId));
    if (found === undefined) throw refuse("NOT_FOUND");
    return found;
  }

  const of = <Name extends keyof CombatDetails>(name: Name) => ({
    resolve: async (one: CombatSummary, _: unknown, context: Context) => (await details(one, context))[name] as never,
  });
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
      version: t.int(of("version")),
      sequence: t.float(of("sequence")),
      manche: t.int(of("manche")),
      participantActifId: t.id(of("participantActifId")),
      echeance: t.string(of("echeance")),
      dureeTourMs: t.int(of("dureeTourMs")),
      ordreTour: t.idList(of("ordreTour")),
      conditionsVictoire: t.field({ type: "JSON", ...of("conditionsVictoire") }),
      recompenses: t.field({ type: "JSON", ...of("recompenses") }),
      fin: t.field({ type: "JSON", ...of("fin") }),
      participants: t.field({ type: [participant], ...of("participants") }),
      historique: t.field({
        type: lines,
        args: { first: t.arg.int(), after: t.arg.string() },
        complexity: listCost,
        async resolve(one, args, context) {
          await details(one, context);
          const page = await context.load.histories(one.combatId, historyPlace(args));
          return entries(one, page, args);
        },
      }),
      actions: t.field({
        type: acts,
        args: { first: t.arg.int(), after: t.arg.string() },
        complexity: listCost,
        async resolve(one, args, context) {
          await details(one, context);
          const page = await context.load.actions(one.combatId, historyPlace(args));
          return entries(one, page, args);
        },
      }),
    }),
  });
  const combats = connectionType(builder, "Combat", combat as never);

  builder.queryFields((t) => ({
    combat: t.field({
      type: combat,
      args: { combatId: t.arg.id({ required: true }) },
      async resolve(_, { combatId }, { load }) {
        const id = idOf(combatId);
        return (await load.combatHead.load(id)) && load.combat.load(id);
      },
    }),
    combats: t.field({
      type: combats,
      nullable: false,
      description: "Of one state, by id.",
      args: { etat: t.arg.string(), zone: t.arg.id(), first: t.arg.int(), after: t.arg.string() },
      complexity: listCost,
      async resolve(_, { etat, zone, ...args }, { readModels, who, spectateDelayMs }) {
        const wanted = choice("etat", ETATS, etat) ?? "EN_COURS";
        const { limit, after } = placeOf(args, z.uuid());
        const inZone = zone === null || zone === undefined ? undefined : idOf(zone);
        const viewer = viewerOf(who, spectateDelayMs);
        const page = await listCombats(readModels, { etat: wanted, zone: inZone, after, limit, viewer });
        return connectionOf(page, ({ combatId }) => combatId, args);
      },
    }),
  }));
}

/** A page of a combat's history, or of its acts, as a connection; each entry knows of which combat it is. */
function entries<Entry extends { readonly numeroTour: number; readonly sequence: number }>(
  { combatId }: OfCombat,
  page: { readonly items: readonly Entry[]; readonly next?: unknown } | undefined,
  args: PageArgs,
) {
  const items = (page?.items ?? []).map((entry) => ({ ...entry, combatId }));
  return connectionOf({ items, ...(page?.next !== undefined && { next: "" }) }, keyOfEntry, args);
}

const keyOfEntry = ({ numeroTour, sequence }: { numeroTour: number; sequence: number }) => [numeroTour, sequence];

function historyPlace(args: Parameters<typeof placeOf>[0]) {
  const { limit, after } = placeOf(args, placeKey);
  return { limit, ...(after !== undefined && { after: { numeroTour: after[0], sequence: after[1] } }) };
}
