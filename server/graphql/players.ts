import { z } from "zod";
import type { BoardAnswer, BoardPage } from "../../projections/boards-reads.ts";
import type { Ranked, RankedGuild } from "../../projections/leaderboard.ts";
import {
  type AcceptedQuest,
  type CarriedItem,
  type Equipment,
  type Inventory,
  type LearntSkill,
  type LevelReached,
  type PlayerProfile,
  type PublicPlayer,
  searchPlayers,
} from "../../projections/player-queries.ts";
import { mayReadOwn } from "../visibility.ts";
import {
  type Builder,
  choice,
  connectionOf,
  connectionType,
  idOf,
  listCost,
  pageOfRows,
  placeOf,
  plain,
  refuse,
} from "./builder.ts";
import type { CatalogueTypes } from "./catalogue.ts";
import type { Context } from "./context.ts";

export type PlayerTypes = ReturnType<typeof playerTypes>;

const ETATS_QUETE = ["EN_COURS", "COMPLETE", "ECHOUEE", "ABANDONEE"] as const;

function own({ joueurId }: Pick<PublicPlayer, "joueurId">, { who }: Context): string {
  if (mayReadOwn(who, joueurId)) return joueurId;
  throw refuse("FORBIDDEN", "this is another player's");
}

/** @throws a refusal */
function answered<Row>(found: BoardAnswer<Row>): BoardPage<Row> {
  if (found === "NOT_RANKED") throw refuse("NOT_FOUND", "the player is not ranked");
  if (found === "NOT_YET") throw refuse("NOT_YET");
  return found;
}

const rankKey = z.int().min(0).max(2_000_000_000);

export function playerTypes(builder: Builder, { item, competence, quete }: CatalogueTypes) {
  const slot = builder.objectRef<CarriedItem>("ObjetPorte").implement({
    fields: (t) => ({
      ...plain(t, {
        slotId: "ID!",
        itemId: "ID!",
        nom: "String!",
        quantite: "Int!",
        typeSlot: "String!",
        position: "Int!",
        estEquipe: "Boolean!",
        proprietes: "JSON!",
        obtenuA: "String!",
      }),
      item: t.field({ type: item, resolve: ({ itemId }, _, { load }) => load.items.load(itemId) }),
    }),
  });
  const slots = connectionType(builder, "ObjetPorte", slot as never);
  const inventaire = builder.objectRef<Inventory>("Inventaire").implement({
    fields: (t) => ({
      ...plain(t, {
        inventaireId: "ID!",
        capacite: "Int!",
        poidsActuel: "Int!",
        poidsMax: "Int!",
        slotsUtilises: "Int!",
        extensions: "JSON!",
      }),
      objets: t.field({
        type: slots,
        args: { first: t.arg.int(), after: t.arg.string() },
        complexity: listCost,
        async resolve({ inventaireId }, args, { load }) {
          const { limit, after } = placeOf(args, z.int32());
          const rows = (await load.carried(inventaireId, { after, limit: limit + 1 })) ?? [];
          return connectionOf(pageOfRows(rows, limit), ({ position }) => position, args);
        },
      }),
    }),
  });
  const equipement = builder.objectRef<Equipment>("Equipement").implement({
    fields: (t) => plain(t, { emplacements: "JSON!", bonusSet: "JSON!", valeurAttaque: "Int!", valeurDefense: "Int!" }),
  });
  const skill = builder.objectRef<LearntSkill>("CompetenceApprise").implement({
    fields: (t) => ({
      ...plain(t, {
        competenceId: "ID!",
        nom: "String!",
        niveau: "Int!",
        echeance: "String",
        dernierUsage: "String",
      }),
      competence: t.field({
        type: competence,
        resolve: ({ competenceId }, _, { load }) => load.competences.load(competenceId),
      }),
    }),
  });
  const skills = connectionType(builder, "CompetenceApprise", skill as never);
  const quest = builder.objectRef<AcceptedQuest>("QueteSuivie").implement({
    fields: (t) => ({
      ...plain(t, {
        queteJoueurId: "ID!",
        queteId: "ID!",
        nom: "String!",
        etat: "String!",
        objectifs: "JSON!",
        pourcentage: "Int!",
        accepteeA: "String!",
        completeeA: "String",
        expireA: "String",
      }),
      quete: t.field({ type: quete, resolve: ({ queteId }, _, { load }) => load.quetes.load(queteId) }),
    }),
  });
  const quests = connectionType(builder, "QueteSuivie", quest as never);
  const level = builder.objectRef<LevelReached>("NiveauAtteint").implement({
    fields: (t) => plain(t, { niveau: "Int!", experience: "Float!", atteintA: "String!" }),
  });
  const levels = connectionType(builder, "NiveauAtteint", level as never);

  const joueur = builder.objectRef<PublicPlayer>("Joueur").implement({
    fields: (t) => {
      const args = { first: t.arg.int(), after: t.arg.string() };
      const mine = <Name extends keyof PlayerProfile>(name: Name) => ({
        resolve: async (one: PublicPlayer, _: unknown, context: Context) =>
          (await context.load.player.load(own(one, context)))?.[name] as never,
      });
      return {
        ...plain(t, {
          joueurId: "ID!",
          pseudo: "String!",
          classe: "String!",
          niveau: "Int!",
          titre: "String",
          guildeNom: "String",
        }),
        statistiques: t.field({
          type: "JSON",
          description: "Over all its combats.",
          resolve: ({ joueurId }, _, { load }) => load.statistics.load(joueurId),
        }),
        username: t.string(mine("username")),
        experience: t.float(mine("experience")),
        experienceProchainNiveau: t.float(mine("experienceProchainNiveau")),
        or: t.int(mine("or")),
        statsBase: t.field({ type: "JSON", ...mine("statsBase") }),
        statsEquipement: t.field({ type: "JSON", ...mine("statsEquipement") }),
        statsTotales: t.field({ type: "JSON", ...mine("statsTotales") }),
        statistiquesJeu: t.field({ type: "JSON", ...mine("statistiquesJeu") }),
        reputation: t.field({ type: "JSON", ...mine("reputation") }),
        guildeId: t.string(mine("guildeId")),
        creeA: t.string(mine("creeA")),
        derniereConnexion: t.string(mine("derniereConnexion")),
        sequence: t.float(mine("sequence")),
        inventaire: t.field({
          type: inventaire,
          resolve: (one, _, context) => context.load.inventory.load(own(one, context)),
        }),
        equipement: t.field({
          type: equipement,
          resolve: (one, _, context) => context.load.equipment.load(own(one, context)),
        }),
        competences: t.field({
          type: skills,
          args,
          complexity: listCost,
          async resolve(one, given, context) {
            const { limit, after } = placeOf(given, z.uuid());
            const rows = (await context.load.learnt(own(one, context), { after, limit: limit + 1 })) ?? [];
            return connectionOf(pageOfRows(rows, limit), ({ competenceId }) => competenceId, given);
          },
        }),
        quetes: t.field({
          type: quests,
          args: { ...args, etat: t.arg.string() },
          complexity: listCost,
          async resolve(one, { etat, ...given }, context) {
            const { limit, after } = placeOf(given, z.tuple([z.iso.datetime(), z.uuid()]));
            const wanted = choice("etat", ETATS_QUETE, etat);
            const from = { etat: wanted, after, limit: limit + 1 };
            const rows = (await context.load.accepted(own(one, context), from)) ?? [];
            return connectionOf(
              pageOfRows(rows, limit),
              ({ accepteeA, queteJoueurId }) => [accepteeA, queteJoueurId],
              given,
            );
          },
        }),
        niveaux: t.field({
          type: levels,
          args,
          complexity: listCost,
          async resolve(one, given, context) {
            const { limit, after } = placeOf(given, z.int32());
            const rows = (await context.load.levels(own(one, context), { after, limit: limit + 1 })) ?? [];
            return connectionOf(pageOfRows(rows, limit), ({ niveau }) => niveau, given);
          },
        }),
      };
    },
  });
  const joueurs = connectionType(builder, "Joueur", joueur as never);

  const ranked = builder.objectRef<Ranked>("Classe").implement({
    fields: (t) => ({
      ...plain(t, { rang: "Int!", experience: "Float!", scoreArene: "Int!" }),
      joueur: t.field({ type: joueur, nullable: false, resolve: (one) => one }),
    }),
  });
  const guild = builder.objectRef<RankedGuild>("Guilde").implement({
    fields: (t) => plain(t, { rang: "Int!", guildeId: "ID!", nom: "String!", membres: "Int!", points: "Float!" }),
  });
  const guilds = connectionType(builder, "Guilde", guild as never);
  const board = connectionType(builder, "Classement", ranked as never);

  builder.queryFields((t) => ({
    me: t.field({
      type: joueur,
      description: "The caller's own player.",
      resolve: (_, __, { who, load }) => (who.role === "joueur" ? load.player.load(who.userId) : undefined),
    }),
    player: t.field({
      type: joueur,
      args: { joueurId: t.arg.id({ required: true }) },
      resolve: (_, { joueurId }, { load }) => load.player.load(idOf(joueurId)),
    }),
    players: t.field({
      type: joueurs,
      nullable: false,
      description: "Whose pseudo begins so, whatever its case and accents.",
      args: { search: t.arg.string(), first: t.arg.int(), after: t.arg.string() },
      complexity: listCost,
      async resolve(_, { search, ...args }, { readModels }) {
        const { limit, after } = placeOf(args, z.tuple([z.string().max(100), z.uuid()]));
        const rows = await searchPlayers(readModels, (search ?? "").slice(0, 50), { after, limit: limit + 1 });
        return connectionOf(pageOfRows(rows, limit), ({ key }) => key, args);
      },
    }),
    leaderboard: t.field({
      type: board,
      nullable: false,
      description: "By `level` or `arena`: from the top, or around a player.",
      args: {
        board: t.arg.string({ required: true }),
        around: t.arg.id(),
        first: t.arg.int(),
        after: t.arg.string(),
      },
      complexity: listCost,
      async resolve(_, { board: name, around, ...args }, { boards }) {
        const named = choice("board", ["level", "arena"], name);
        if (named === undefined) throw refuse("NOT_FOUND");
        const { limit, after } = placeOf(args, rankKey);
        const place = { around: around == null ? undefined : idOf(around), after, limit };
        const { rows, after: from } = answered(await boards.players(named, place));
        return connectionOf(pageOfRows(rows, limit), ({ rang }) => rang, { after: from ? String(from) : null });
      },
    }),
  }));
  builder.queryField("guilds", (t) =>
    t.field({
      type: guilds,
      nullable: false,
      description: "By their points: from the top, or around a player's.",
      args: { around: t.arg.id(), first: t.arg.int(), after: t.arg.string() },
      complexity: listCost,
      async resolve(_, { around, ...args }, { boards }) {
        const { limit, after } = placeOf(args, rankKey);
        const place = { around: around == null ? undefined : idOf(around), after, limit };
        const { rows, after: from } = answered(await boards.guilds(place));
        return connectionOf(pageOfRows(rows, limit), ({ rang }) => rang, { after: from ? String(from) : null });
      },
    }),
  );
  return { joueur };
}
