import { type SchemaType, schema, t } from "@colyseus/schema";
import { totalVersion } from "../domain/player/draft.ts";
import { experienceAt } from "../domain/player/formulas.ts";
import type { Slot } from "../domain/player/inventaire.ts";
import { canonicalJson } from "../domain/player/item-instance.ts";
import type { OrdreOuvert } from "../domain/player/joueur.ts";
import type { Negotiation } from "../domain/player/negotiation.ts";
import type { PlayerState } from "../domain/player/state.ts";
import { lastingStats } from "../domain/player/stats.ts";
import { STATS } from "../domain/values.ts";
import { projectEach } from "./project-each.ts";

/** A player as it sees itself (contract: "Rooms"). A projection of the durable state, and of nothing else. "" where there is nothing. */
export const SlotView = schema(
  {
    slotId: t.string(),
    itemId: t.string(),
    nom: t.string(),
    typeItem: t.string(),
    rarete: t.string(),
    quantite: t.number(),
    position: t.number(),
    /** Where it is worn. */
    emplacement: t.string(),
    /** All that the piece is, as JSON. */
    proprietes: t.string(),
  },
  "Slot",
);

export const CompetenceView = schema(
  { competenceId: t.string(), nom: t.string(), niveau: t.number(), echeance: t.string() },
  "CompetenceApprise",
);

export const QueteView = schema(
  { queteId: t.string(), nom: t.string(), expireA: t.string(), progres: t.array("number"), requis: t.array("number") },
  "QueteOuverte",
);

export const RelationView = schema({ pnjId: t.string(), reputation: t.number() }, "Relation");

export const OrdreView = schema(
  {
    ordreId: t.string(),
    typeOrdre: t.string(),
    itemId: t.string(),
    quantite: t.number(),
    prixUnitaire: t.number(),
    expireA: t.string(),
  },
  "OrdreOuvert",
);

export const OffreView = schema({ or: t.number(), confirmee: t.boolean(), objets: t.string() }, "Offre");

export const PlayerView = schema(
  {
    version: t.number(),
    joueurId: t.string(),
    username: t.string(),
    pseudo: t.string(),
    classe: t.string(),
    niveau: t.number(),
    experience: t.number(),
    experienceProchainNiveau: t.number(),
    pointsStats: t.number(),
    pointsCompetence: t.number(),
    or: t.number(),
    cote: t.number(),
    guildeNom: t.string(),
    combatId: t.string(),
    /** As they were at `vitauxA`; they rest from then on (docs/player-rules.md). */
    hpActuel: t.number(),
    mpActuel: t.number(),
    staminaActuel: t.number(),
    vitauxA: t.string(),
    /** Totals without what is only for a while. */
    stats: t.map("number"),
    capacite: t.number(),
    poidsMax: t.number(),
    poidsActuel: t.number(),
    slots: t.map(SlotView),
    competences: t.map(CompetenceView),
    quetes: t.map(QueteView),
    relations: t.map(RelationView),
    ordres: t.map(OrdreView),
    /** The exchange under way. `revision` is what a confirmation names; the offers' `objets` are JSON. */
    echangeId: t.string(),
    echangeAvec: t.string(),
    echangePseudo: t.string(),
    echangeRevision: t.number(),
    echangeExpireA: t.string(),
    offreMienne: OffreView,
    offreSienne: OffreView,
  },
  "Joueur",
);

export type PlayerView = SchemaType<typeof PlayerView>;
type SlotView = SchemaType<typeof SlotView>;
type QueteView = SchemaType<typeof QueteView>;
type OpenQuest = PlayerState["quetes"]["ouvertes"][string];

/** Writes what differs. States share what did not change, so that identity tells it at once. */
export function projectPlayer(view: PlayerView, state: PlayerState, before: PlayerState | undefined): void {
  view.version = totalVersion(state);
  const { joueur, inventaire } = state;
  if (joueur !== before?.joueur) projectSelf(view, state);
  if (joueur !== before?.joueur || inventaire !== before?.inventaire || state.competences !== before?.competences)
    projectStats(view, state);
  view.capacite = inventaire.capacite;
  view.poidsMax = inventaire.poidsMax;
  view.poidsActuel = inventaire.poidsActuel;
  if (inventaire.slots !== before?.inventaire.slots)
    projectEach(view.slots, inventaire.slots, before?.inventaire.slots, () => new SlotView(), showSlot);
  if (state.competences !== before?.competences) {
    const skills = Object.fromEntries(state.competences.apprises.map((one) => [one.competenceId, one]));
    projectEach(
      view.competences,
      skills,
      undefined,
      () => new CompetenceView(),
      (shown, { competenceId, niveau, echeance, definition }) => {
        shown.assign({ competenceId, nom: definition.nom, niveau, echeance: echeance ?? "" });
      },
    );
  }
  if (state.quetes.ouvertes !== before?.quetes.ouvertes)
    projectEach(view.quetes, state.quetes.ouvertes, before?.quetes.ouvertes, () => new QueteView(), showQuest);
  if (state.relations.pnj !== before?.relations.pnj)
    projectEach(
      view.relations,
      state.relations.pnj,
      before?.relations.pnj,
      () => new RelationView(),
      (shown, { reputation }, pnjId) => {
        shown.assign({ pnjId, reputation });
      },
    );
  if (joueur.echange !== before?.joueur.echange || before === undefined) projectExchange(view, joueur.echange);
  if (joueur.ordres !== before?.joueur.ordres)
    projectEach(view.ordres, joueur.ordres, before?.joueur.ordres, () => new OrdreView(), showOrder);
}

function projectSelf(view: PlayerView, { joueur }: PlayerState): void {
  const { joueurId, username, pseudo, classe, niveau, experience, pointsStats, pointsCompetence, or, cote } = joueur;
  view.assign({ joueurId, username, pseudo, classe, niveau, experience, pointsStats, pointsCompetence, or, cote });
  view.assign({ ...joueur.vitaux, vitauxA: joueur.vitauxA });
  view.experienceProchainNiveau = experienceAt(niveau + 1);
  view.guildeNom = joueur.guilde?.nom ?? "";
  view.combatId = joueur.combatId ?? "";
}

function projectStats(view: PlayerView, state: PlayerState): void {
  const stats = lastingStats(state);
  for (const name of STATS) if (view.stats.get(name) !== stats[name]) view.stats.set(name, stats[name]);
}

function projectExchange(view: PlayerView, echange: Negotiation | null): void {
  view.echangeId = echange?.echangeId ?? "";
  view.echangeAvec = echange?.avec ?? "";
  view.echangePseudo = echange?.pseudoAvec ?? "";
  view.echangeRevision = echange?.revision ?? 0;
  view.echangeExpireA = echange?.expireA ?? "";
  view.offreMienne ??= new OffreView();
  view.offreSienne ??= new OffreView();
  for (const [shown, offer] of [
    [view.offreMienne, echange?.mienne],
    [view.offreSienne, echange?.sienne],
  ] as const) {
    const { or = 0, confirmee = false, objets = [] } = offer ?? {};
    shown.assign({ or, confirmee, objets: canonicalJson(objets) });
  }
}

function showSlot(shown: SlotView, { slotId, itemId, quantite, position, emplacement, proprietes }: Slot): void {
  const { nom, typeItem, rarete } = proprietes;
  shown.assign({ slotId, itemId, nom, typeItem, rarete, quantite, position, emplacement: emplacement ?? "" });
  shown.proprietes = canonicalJson(proprietes);
}

function showQuest(shown: QueteView, { definition, expireA, progres }: OpenQuest, queteId: string): void {
  shown.assign({ queteId, nom: definition.nom, expireA: expireA ?? "" });
  for (const [i, { requis }] of definition.objectifs.entries()) {
    if (shown.requis[i] !== requis) shown.requis[i] = requis;
    const now = progres[i] ?? 0;
    if (shown.progres[i] !== now) shown.progres[i] = now;
  }
}

function showOrder(shown: SchemaType<typeof OrdreView>, one: OrdreOuvert, ordreId: string): void {
  const { typeOrdre, itemId, quantite, prixUnitaire, expireA } = one;
  shown.assign({ ordreId, typeOrdre, itemId, quantite, prixUnitaire, expireA: expireA ?? "" });
}
