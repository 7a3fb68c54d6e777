import type pg from "pg";

const side = (table: string, own: string, other: string): string =>
  `SELECT transaction_id, '${own.toUpperCase()}' AS cote, ordre_${other}_id AS ordre_id, item_id, quantite, prix_unitaire, montant_total, taxe, executee_a
   FROM ${table} WHERE ${own}_id = $1`;
const combats = (live: string, participants: string): string =>
  `SELECT combat_id, equipe, etat, type_combat, heure_debut, heure_fin FROM (
     SELECT combat_id, equipe, etat FROM ${participants} WHERE entite_id = $1 AND type_entite = 'JOUEUR') AS p
   JOIN (SELECT combat_id, type_combat, heure_debut, heure_fin FROM ${live}) AS c USING (combat_id)`;

/** What holds something of one player. Secrets and their hashes are left out, and so is what says who others are. */
const KEPT = {
  compte: `SELECT compte_id, username, role, cree_a FROM comptes WHERE compte_id = $1`,
  connexions: `SELECT family_id, created_at, expires_at, revoked_at, revoked_for FROM token_families WHERE compte_id = $1`,
  sessions: `SELECT session_id, role, room, aggregate_id, created_at, expires_at, revoked_at FROM sessions WHERE user_id = $1`,
  exclusions: `SELECT reason, banned_at, until, lifted_at FROM bans WHERE user_id = $1`,
  billets: `SELECT t.ticket_id, mode, etat, raison, region, latences, cree_a FROM tickets_matchmaking t JOIN joueurs_ticket USING (ticket_id)
    WHERE joueur_id = $1`,
  profil: `SELECT * FROM joueurs WHERE joueur_id = $1 UNION ALL SELECT * FROM joueurs_archive WHERE joueur_id = $1 LIMIT 1`,
  statistiques: `SELECT * FROM statistiques_joueur WHERE joueur_id = $1`,
  niveaux: `SELECT niveau_atteint, experience_total, atteint_a FROM historique_niveau WHERE joueur_id = $1`,
  inventaire: `SELECT * FROM items_inventaire WHERE joueur_id = $1`,
  competences: `SELECT * FROM competences_joueur WHERE joueur_id = $1`,
  quetes: `SELECT * FROM quetes_joueur WHERE joueur_id = $1`,
  combats: [
    combats("instances_combat", "participants_combat"),
    combats("instances_combat_archive", "participants_combat_archive"),
  ].join(" UNION ALL "),
  ordres: `SELECT * FROM ordres_economie WHERE joueur_id = $1`,
  transactions: ["transactions_economie", "transactions_economie_archive"]
    .flatMap((table) => [side(table, "vendeur", "vente"), side(table, "acheteur", "achat")])
    .join(" UNION ALL "),
  decouvertes: `SELECT zone->>'zoneId' AS zone_id, zone->>'nom' AS nom, zone->'premier'->>'decouverteA' AS decouverte_a
    FROM etat_monde, jsonb_array_elements(zones_decouvertes) AS zone WHERE lower(zone->'premier'->>'joueurId') = $1::uuid::text`,
  actes: `SELECT l.at, l.user_id, l.role, l.act, l.target, o.status, o.code FROM audit_lines l LEFT JOIN audit_outcomes o USING (line_id)
    WHERE l.user_id = $1 OR l.target LIKE '%' || $1::text || '%'`,
} as const;

export type Kind = keyof typeof KEPT;

/** Rows of each kind at most. */
const AT_MOST = 1_000;

export type Kept = Readonly<Record<Kind, readonly Readonly<Record<string, unknown>>[]>> & {
  /** Kinds of which there is more than is told here. */
  readonly incomplets: readonly Kind[];
};

export const KINDS_KEPT = Object.keys(KEPT) as readonly Kind[];

/** All that is kept of a player beside the log, by what it is, 1,000 rows of each at most. Undefined: nothing. */
export async function keptOf(pool: Pick<pg.Pool, "query">, joueurId: string): Promise<Kept | undefined> {
  const kinds = await Promise.all(
    KINDS_KEPT.map(async (kind) => {
      const { rows } = await pool.query(`SELECT * FROM (${KEPT[kind]}) AS kept LIMIT ${AT_MOST + 1}`, [joueurId]);
      return [kind, rows] as const;
    }),
  );
  if (kinds.every(([, rows]) => rows.length === 0)) return undefined;
  return {
    ...(Object.fromEntries(kinds.map(([kind, rows]) => [kind, rows.slice(0, AT_MOST)])) as unknown as Record<
      Kind,
      Kept[Kind]
    >),
    incomplets: kinds.flatMap(([kind, rows]) => (rows.length > AT_MOST ? [kind] : [])),
  };
}
