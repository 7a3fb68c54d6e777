import type pg from "pg";
import { Conditions, type From, type Page, pageOf } from "./keyset.ts";
import type { Monde } from "./world-state.ts";

export const FACTS = ["BOSS_VAINCU", "EVENEMENT_TERMINE"] as const;
export type FactType = (typeof FACTS)[number];

/** Something that happened in the world. `referenceId`: of the boss, or of the event. */
export interface Fact {
  readonly typeFait: FactType;
  readonly referenceId: string;
  readonly nom: string;
  readonly zoneId: string | null;
  readonly survenuA: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly sequence: number;
}

export type FactKey = readonly [sequence: number];

/** The world's history, the newest first. */
export async function listFacts(
  reader: Pick<pg.Pool, "query">,
  typeFait: FactType | undefined,
  { after, limit }: From<FactKey>,
): Promise<Page<Fact>> {
  const where = new Conditions();
  if (typeFait !== undefined) where.and("type_fait = ?", typeFait);
  if (after !== undefined) where.and("event_sequence < ?::bigint", ...after);
  const { rows } = await reader.query<Fact>(
    `SELECT type_fait AS "typeFait", reference_id AS "referenceId", nom, zone_id AS "zoneId", survenu_a AS "survenuA", details,
       event_sequence AS sequence
     FROM histoire_monde WHERE ${where.sql} ORDER BY event_sequence DESC LIMIT ${limit + 1}`,
    where.values,
  );
  return pageOf(rows, limit, ({ sequence }) => [sequence]);
}

/** The world as its read model has it. */
export interface WorldRow {
  /** 0 to 23. */
  readonly cycleJourNuit: number;
  readonly saison: Monde["saison"];
  readonly jourSaison: number;
  readonly evenementsActifs: Monde["evenements"];
  readonly bossVaincus: Monde["boss"];
  readonly zonesDecouvertes: Monde["zones"];
  /** By ressourceId. */
  readonly ressourcesMondiales: Monde["ressources"];
  readonly facteursEconomiques: Monde["facteurs"];
  readonly classements: Monde["classements"];
  readonly derniereMiseAJourCycle: string;
  readonly sequence: number;
}

/** Undefined: there is no world yet. */
export async function readWorldRow(reader: Pick<pg.Pool, "query">): Promise<WorldRow | undefined> {
  const { rows } = await reader.query<WorldRow>(
    `SELECT cycle_jour_nuit AS "cycleJourNuit", saison, jour_saison AS "jourSaison", evenements_actifs AS "evenementsActifs",
       boss_vaincus AS "bossVaincus", zones_decouvertes AS "zonesDecouvertes", ressources_mondiales AS "ressourcesMondiales",
       facteurs_economiques AS "facteursEconomiques", classements, derniere_mise_a_jour_cycle AS "derniereMiseAJourCycle",
       last_event_sequence AS sequence
     FROM etat_monde`,
  );
  return rows[0];
}
