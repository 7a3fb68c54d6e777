import { z } from "zod";
import { type DeepReadonly, typeCombat, whole } from "../combat/values.ts";
import { erasedName } from "../personal.ts";
import { bonus, classe, STATS, type Stat, type Stats, stat } from "../values.ts";
import { baseStats } from "./classes.ts";
import { bonusSum, objetTransfere } from "./item-instance.ts";
import { evolveNegotiation, negotiation, negotiationPayloads } from "./negotiation.ts";

/** [PURSE-1], [LEVEL-2]: what a player can own of gold, and of experience. */
export const MAX_GOLD = 2_000_000_000;
export const MAX_EXPERIENCE = 2_000_000_000;
/** [COTE-1] */
export const MAX_RATING = 10_000;

const id = z.uuid();
const count = z.int().min(0);
const instant = z.iso.datetime();
const niveau = whole(1, 100);
const or = whole(0, MAX_GOLD);
const cote = whole(0, MAX_RATING);
const reference = z.string().min(1).max(100);
const statsCompletes = z.record(stat, z.int());

const VITALS = ["hpActuel", "mpActuel", "staminaActuel"] as const;
/** What StatsModifiees may change: base stats, vitals, points to spend. */
export const valeur = z.enum([...STATS, ...VITALS, "pointsStats", "pointsCompetence"]);
export type Valeur = z.infer<typeof valeur>;

export const raisonOr = z.enum([
  "COMBAT",
  "QUETE",
  "MONDE",
  "CADEAU",
  "ACHAT_PNJ",
  "VENTE_PNJ",
  "ORDRE_RESERVE",
  "ORDRE_REGLE",
  "ECHANGE",
  "CHANGEMENT_CLASSE",
  "AMELIORATION",
  "REPARATION",
  "AUTRE",
]);
export const raisonStats = z.enum(["POINTS", "COMPETENCE", "COMBAT", "OBJET"]);
export const resultatJoueur = z.enum(["VICTOIRE", "DEFAITE", "NUL", "ABANDON"]);
export const typeOrdre = z.enum(["VENTE", "ACHAT"]);
export const motifCloture = z.enum(["TRANSACTION", "ANNULE", "EXPIRE", "REFUSE"]);

const joueurCree = z.object({
  joueurId: id,
  username: z.string(),
  email: z.string().optional(),
  pseudo: z.string(),
  classe,
  niveau,
  experienceProchainNiveau: count,
  or,
  cote,
  pointsStats: count,
  pointsCompetence: count,
  statsBase: statsCompletes,
  statsTotales: statsCompletes,
  a: instant,
});

/** `experienceTotale` counts from level 1 on; the next level is reached when it is `experienceProchainNiveau`. */
const experienceGagnee = z.object({
  joueurId: id,
  montant: count,
  source: z.string().min(1).max(40),
  reference,
  experienceTotale: count,
  experienceProchainNiveau: count,
});

/** One level; a gain that is worth several is as many events. `pointsCompetence` and `pointsStats`: what is gained. */
const niveauAtteint = z.object({
  joueurId: id,
  ancienNiveau: niveau,
  nouveauNiveau: niveau,
  experienceTotale: count,
  experienceProchainNiveau: count,
  pointsCompetence: count,
  pointsStats: count,
  statsAugmentees: bonus,
  statsTotales: statsCompletes,
  a: instant,
});

const bonusMinute = z.object({ itemId: id, nom: z.string(), stats: bonusSum, expireA: instant });

/** Vitals come all three together, as they are at `a`. `bonus` is a timed effect that begins. */
const statsModifiees = z.object({
  joueurId: id,
  raison: raisonStats,
  reference,
  stats: z.partialRecord(valeur, z.object({ avant: z.int(), apres: z.int() })),
  bonus: bonusMinute.optional(),
  statsTotales: statsCompletes,
  a: instant,
});

/** `pointsStats`: what there is to spend afterwards. */
const classeChangee = z.object({
  joueurId: id,
  ancienneClasse: classe,
  nouvelleClasse: classe,
  statsBase: statsCompletes,
  pointsStats: count,
  statsTotales: statsCompletes,
});

/** `perdu`: what was delivered and could not be owned any more ([PURSE-2]). */
const orModifie = z.object({
  joueurId: id,
  delta: z.int(),
  solde: or,
  raison: raisonOr,
  reference,
  perdu: whole(1, MAX_GOLD).optional(),
});

const vitaux = z.object({ hpActuel: count, mpActuel: count, staminaActuel: count });
const combatEngage = z.object({ joueurId: id, combatId: id, typeCombat, vitaux, a: instant });
const combatQuitte = z.object({
  joueurId: id,
  combatId: id,
  typeCombat,
  resultat: resultatJoueur,
  vitaux,
  a: instant,
});
const coteModifiee = z.object({ joueurId: id, avant: cote, apres: cote, combatId: id });

const ordre = z.object({
  typeOrdre,
  itemId: id,
  quantite: whole(1, 1_000_000),
  prixUnitaire: whole(1, 1_000_000_000),
  expireA: instant.nullable(),
});
/** `reserve`: what was set aside; goods are all of one kind. */
const ordreReserve = ordre.extend({
  joueurId: id,
  pseudo: z.string(),
  ordreId: id,
  reserve: z.object({ or, objets: z.array(objetTransfere).max(1) }),
});
const ordreClos = z.object({ joueurId: id, ordreId: id, motif: motifCloture });

const session = z.object({ joueurId: id, sessionId: z.string().min(1).max(100), a: instant });
const guilde = z.object({ guildeId: z.string().min(1).max(50), nom: z.string().min(1).max(100) });

export const joueurPayloads = {
  /** Ours, beyond the contract's list: from OrModifie on. */
  JoueurCree: joueurCree,
  ExperienceGagnee: experienceGagnee,
  NiveauAtteint: niveauAtteint,
  StatsModifiees: statsModifiees,
  ClasseChangee: classeChangee,
  OrModifie: orModifie,
  CombatEngage: combatEngage,
  CombatQuitte: combatQuitte,
  CoteModifiee: coteModifiee,
  OrdreReserve: ordreReserve,
  OrdreClos: ordreClos,
  JoueurConnecte: session,
  JoueurDeconnecte: session,
  GuildeRejointe: guilde.extend({ joueurId: id }),
  /** From now on nothing says who the player was. */
  DonneesPersonnellesEffacees: z.object({ joueurId: id, a: instant }),
  ...negotiationPayloads,
} as const;

type Payloads = {
  readonly [Type in keyof typeof joueurPayloads]: DeepReadonly<z.infer<(typeof joueurPayloads)[Type]>>;
};
export type JoueurEvent = {
  readonly [Type in keyof Payloads]: { readonly eventType: Type; readonly payload: Payloads[Type] };
}[keyof Payloads];
export type RaisonOr = z.infer<typeof raisonOr>;
export type RaisonStats = z.infer<typeof raisonStats>;

export const joueurStateSchema = z.object({
  /** Empty before JoueurCree. */
  joueurId: z.union([id, z.literal("")]),
  username: z.string(),
  pseudo: z.string(),
  classe,
  niveau,
  experience: whole(0, MAX_EXPERIENCE),
  pointsStats: count,
  pointsCompetence: count,
  /** Of class, level and spent points: what everything else comes on top of. */
  statsBase: statsCompletes,
  /** As they were at `vitauxA`; since then they have rested ([VITAL-1]). */
  vitaux,
  vitauxA: instant,
  /** Timed effects; those whose time is over go as the next one comes. */
  bonus: z.array(bonusMinute),
  or,
  cote,
  /** The combat that the player is in. */
  combatId: id.nullable(),
  typeCombat: typeCombat.nullable(),
  /** Open orders, by ordreId. */
  ordres: z.record(id, ordre),
  /** The exchange under way, and also one whose time is over until another is opened. */
  echange: negotiation.nullable(),
  /** Connected sessions, oldest first, at most 20. */
  sessions: z.array(z.string()),
  guilde: guilde.nullable(),
  /** Its personal data were erased: nobody plays it any more. */
  efface: z.boolean(),
});

export type JoueurState = DeepReadonly<z.infer<typeof joueurStateSchema>>;
export type Vitaux = JoueurState["vitaux"];
export type OrdreOuvert = JoueurState["ordres"][string];

const MAX_SESSIONS = 20;

export const initialJoueur: JoueurState = {
  joueurId: "",
  username: "",
  pseudo: "",
  classe: "GUERRIER",
  niveau: 1,
  experience: 0,
  pointsStats: 0,
  pointsCompetence: 0,
  statsBase: baseStats("GUERRIER", 1),
  vitaux: { hpActuel: 0, mpActuel: 0, staminaActuel: 0 },
  vitauxA: "1970-01-01T00:00:00.000Z",
  bonus: [],
  or: 0,
  cote: 1_000,
  combatId: null,
  typeCombat: null,
  ordres: {},
  echange: null,
  sessions: [],
  guilde: null,
  efface: false,
};

function created(state: JoueurState, payload: Payloads["JoueurCree"]): JoueurState {
  const { joueurId, username, pseudo, statsBase, a } = payload;
  const { hpMax, mpMax, staminaMax } = payload.statsTotales;
  return {
    ...state,
    joueurId,
    username,
    pseudo,
    classe: payload.classe,
    niveau: payload.niveau,
    or: payload.or,
    cote: payload.cote,
    pointsStats: payload.pointsStats,
    pointsCompetence: payload.pointsCompetence,
    statsBase,
    vitaux: { hpActuel: hpMax, mpActuel: mpMax, staminaActuel: staminaMax },
    vitauxA: a,
  };
}

function levelled(state: JoueurState, payload: Payloads["NiveauAtteint"]): JoueurState {
  const raised: Record<Stat, number> = { ...state.statsBase };
  for (const name of STATS) raised[name] += payload.statsAugmentees[name] ?? 0;
  return {
    ...state,
    niveau: payload.nouveauNiveau,
    pointsCompetence: state.pointsCompetence + payload.pointsCompetence,
    pointsStats: state.pointsStats + payload.pointsStats,
    statsBase: raised,
  };
}

function modified(state: JoueurState, { stats, bonus: begun, a }: Payloads["StatsModifiees"]): JoueurState {
  const after = (name: Valeur, before: number): number => stats[name]?.apres ?? before;
  const statsBase = Object.fromEntries(STATS.map((name) => [name, after(name, state.statsBase[name])])) as Stats;
  const lasting = state.bonus.filter((one) => one.expireA > a && one.itemId !== begun?.itemId);
  return {
    ...state,
    statsBase,
    pointsStats: Math.max(0, after("pointsStats", state.pointsStats)),
    pointsCompetence: Math.max(0, after("pointsCompetence", state.pointsCompetence)),
    vitaux: {
      hpActuel: Math.max(0, after("hpActuel", state.vitaux.hpActuel)),
      mpActuel: Math.max(0, after("mpActuel", state.vitaux.mpActuel)),
      staminaActuel: Math.max(0, after("staminaActuel", state.vitaux.staminaActuel)),
    },
    vitauxA: VITALS.some((name) => stats[name] !== undefined) ? a : state.vitauxA,
    bonus: begun === undefined ? state.bonus : [...lasting, begun],
  };
}

export function evolveJoueur(state: JoueurState, event: JoueurEvent): JoueurState {
  switch (event.eventType) {
    case "JoueurCree":
      return created(state, event.payload);
    case "ExperienceGagnee":
      return { ...state, experience: Math.min(MAX_EXPERIENCE, event.payload.experienceTotale) };
    case "NiveauAtteint":
      return levelled(state, event.payload);
    case "StatsModifiees":
      return modified(state, event.payload);
    case "ClasseChangee": {
      const { nouvelleClasse, statsBase, pointsStats } = event.payload;
      return { ...state, classe: nouvelleClasse, statsBase, pointsStats };
    }
    case "OrModifie":
      return { ...state, or: event.payload.solde };
    case "CombatEngage": {
      const { combatId, typeCombat: type, vitaux: now, a } = event.payload;
      return { ...state, combatId, typeCombat: type, vitaux: now, vitauxA: a };
    }
    case "CombatQuitte":
      return { ...state, combatId: null, typeCombat: null, vitaux: event.payload.vitaux, vitauxA: event.payload.a };
    case "CoteModifiee":
      return { ...state, cote: event.payload.apres };
    case "OrdreReserve": {
      const { ordreId, itemId, quantite, prixUnitaire, expireA } = event.payload;
      const one: OrdreOuvert = { typeOrdre: event.payload.typeOrdre, itemId, quantite, prixUnitaire, expireA };
      return { ...state, ordres: { ...state.ordres, [ordreId]: one } };
    }
    case "OrdreClos": {
      const { [event.payload.ordreId]: _closed, ...ordres } = state.ordres;
      return { ...state, ordres };
    }
    case "JoueurConnecte": {
      const { sessionId } = event.payload;
      const sessions = [...state.sessions.filter((one) => one !== sessionId), sessionId].slice(-MAX_SESSIONS);
      return { ...state, sessions };
    }
    case "JoueurDeconnecte":
      return { ...state, sessions: state.sessions.filter((one) => one !== event.payload.sessionId) };
    case "GuildeRejointe": {
      const { guildeId, nom } = event.payload;
      return { ...state, guilde: { guildeId, nom } };
    }
    case "DonneesPersonnellesEffacees": {
      // Who never was a player has no name to be one with.
      const name = state.joueurId === "" ? "" : erasedName(state.joueurId);
      return { ...state, username: name, pseudo: name, efface: true };
    }
    case "EchangeOuvert":
    case "OffreModifiee":
    case "EchangeConfirme":
    case "EchangeFerme":
      return { ...state, echange: evolveNegotiation(state.echange, event) };
  }
}
