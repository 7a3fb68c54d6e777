import { expect, test } from "vitest";
import { createPool } from "../../store/database.ts";
import { useDatabase } from "../support/postgres.ts";
import { useReleasers } from "../support/store.ts";

const database = useDatabase();
const pool = createPool({ url: database.url, poolSize: 1 });
useReleasers()(() => pool.end());

/** The contract's columns, as it writes them: name, type, `!` where a value is required, default. */
const COLUMNS: Readonly<Record<string, string>> = {
  instances_combat: `
    combat_id uuid !
    etat varchar(20) !
    type_combat varchar(20) !
    zone_id uuid !
    zone_nom varchar(100)
    tour_actuel integer = 0
    ordre_tour jsonb ! = '[]'
    participant_actif_id uuid
    heure_debut timestamptz !
    heure_fin timestamptz
    duree_tour_ms integer = 30000
    prochain_timeout timestamptz
    conditions_victoire jsonb ! = '{}'
    recompenses jsonb = '{}'
    last_event_sequence bigint !
    updated_at timestamptz ! = now()`,
  participants_combat: `
    participant_id uuid !
    combat_id uuid !
    entite_id uuid !
    type_entite varchar(10) !
    nom varchar(100) !
    niveau integer !
    initiative integer !
    position integer !
    etat varchar(10) ! = 'ACTIF'
    hp_actuel integer !
    hp_max integer !
    mp_actuel integer !
    mp_max integer !
    stamina_actuel integer !
    stamina_max integer !
    stats_combat jsonb ! = '{}'
    resistances jsonb ! = '{}'
    effets_actifs jsonb ! = '[]'
    equipement jsonb ! = '{}'
    competences_disponibles jsonb ! = '[]'
    peut_agir boolean = true
    last_event_sequence bigint !
    updated_at timestamptz ! = now()`,
  actions_combat: `
    action_id uuid !
    combat_id uuid !
    numero_tour integer !
    participant_id uuid !
    type_action varchar(20) !
    competence_id uuid
    item_id uuid
    cibles jsonb ! = '[]'
    donnees_action jsonb ! = '{}'
    resultat varchar(20) !
    effets_appliques jsonb ! = '[]'
    temps_execution_ms integer
    timestamp timestamptz !
    event_sequence bigint !`,
  effets_statut: `
    effet_id uuid !
    participant_id uuid !
    combat_id uuid !
    type_effet varchar(30) !
    source_type varchar(20) !
    source_id uuid
    puissance integer ! = 1
    duree_tours_restants integer !
    stacks integer = 1
    modificateurs jsonb ! = '{}'
    est_debuff boolean !
    peut_etre_dissipe boolean = true
    applique_a timestamptz !
    event_sequence bigint !`,
  historique_combat: `
    historique_id uuid ! = gen_random_uuid()
    combat_id uuid !
    numero_tour integer !
    type_evenement varchar(20) !
    acteur_id uuid
    details jsonb !
    severite varchar(10) = 'INFO'
    timestamp timestamptz !
    event_sequence bigint !`,
};

/** The contract's look-ups, as PostgreSQL writes them. */
const INDEXES: Readonly<Record<string, readonly string[]>> = {
  instances_combat: [
    "(etat)",
    "(zone_id)",
    "(last_event_sequence)",
    "(participant_actif_id) WHERE ((etat)::text = 'EN_COURS'::text)",
  ],
  participants_combat: ["(combat_id)", "(entite_id)", "(combat_id, etat)", "(combat_id, initiative DESC)"],
  actions_combat: ["(combat_id, numero_tour)", "(participant_id)", "(type_action)", '("timestamp")'],
  effets_statut: [
    "(participant_id)",
    "(combat_id)",
    "(type_effet)",
    "(participant_id) WHERE (duree_tours_restants > 0)",
  ],
  historique_combat: ['(combat_id, numero_tour, "timestamp")', "(event_sequence)"],
};

const FOREIGN_KEYS = [
  "actions_combat FOREIGN KEY (combat_id) REFERENCES instances_combat(combat_id) ON DELETE CASCADE",
  "actions_combat FOREIGN KEY (participant_id) REFERENCES participants_combat(participant_id)",
  "effets_statut FOREIGN KEY (combat_id) REFERENCES instances_combat(combat_id) ON DELETE CASCADE",
  "effets_statut FOREIGN KEY (participant_id) REFERENCES participants_combat(participant_id) ON DELETE CASCADE",
  "historique_combat FOREIGN KEY (combat_id) REFERENCES instances_combat(combat_id) ON DELETE CASCADE",
  "participants_combat FOREIGN KEY (combat_id) REFERENCES instances_combat(combat_id) ON DELETE CASCADE",
];

test.for(Object.keys(COLUMNS))("[PCOMBAT-1] %s has the contract's columns first", async (table) => {
  const { rows } = await pool.query(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
       pg_get_expr(d.adbin, d.adrelid) AS "default"
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 ORDER BY a.attnum`,
    [table],
  );
  const written = rows.map((row) => {
    const type = row.type.replace("character varying", "varchar").replace("timestamp with time zone", "timestamptz");
    const value = row.default === null ? "" : ` = ${row.default.replace(/::[a-z ]+$/, "")}`;
    return `${row.name} ${type}${row.required ? " !" : ""}${value}`;
  });
  const contract = (COLUMNS[table] ?? "").trim().split(/\n\s+/);
  expect(written.slice(0, contract.length)).toEqual(contract);
});

test("[PCOMBAT-1] every look-up of the contract has its index", async () => {
  for (const [table, wanted] of Object.entries(INDEXES)) {
    const { rows } = await pool.query(
      "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = $1",
      [table],
    );
    const there = rows.map((row) => row.indexdef.replace(/^.* USING btree /, ""));
    expect(there).toEqual(expect.arrayContaining([...wanted]));
  }
});

test("[PCOMBAT-1] rows refer to those of their combat, and go with it", async () => {
  const { rows } = await pool.query(
    `SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) AS key FROM pg_constraint
     WHERE contype = 'f' AND conrelid::regclass::text = ANY ($1) ORDER BY 1`,
    [[...Object.keys(COLUMNS), "statistiques_joueur"]],
  );
  expect(rows.map((row) => row.key)).toEqual(FOREIGN_KEYS);
});

const COMBAT = "c0000000-0000-4000-8000-000000000001";
const ONE = "9a000000-0000-4000-8000-000000000001";

test("[PCOMBAT-1] words that are none and points out of bounds are refused", async () => {
  const words: readonly (readonly [table: string, column: string, fit: string, unfit: string])[] = [
    ["instances_combat", "etat", "EN_COURS", "FINI"],
    ["instances_combat", "type_combat", "ARENE", "DUEL"],
    ["participants_combat", "type_entite", "BOSS", "MONSTRE"],
    ["participants_combat", "etat", "FUITE", "PARTI"],
    ["actions_combat", "type_action", "OBJET", "DANSE"],
    ["actions_combat", "resultat", "BLOQUE", "RATE"],
    ["effets_statut", "source_type", "OBJET", "PLUIE"],
    ["historique_combat", "type_evenement", "TIMEOUT", "TOUR"],
    ["historique_combat", "severite", "IMPORTANT", "GRAVE"],
  ];
  await pool.query(
    `INSERT INTO instances_combat (combat_id, etat, type_combat, zone_id, heure_debut, last_event_sequence, version)
     VALUES ($1, 'EN_COURS', 'PVE', $1, now(), 1, 1)`,
    [COMBAT],
  );
  await pool.query(
    `INSERT INTO participants_combat (participant_id, combat_id, entite_id, type_entite, equipe, nom, niveau, initiative, position,
       hp_actuel, hp_max, mp_actuel, mp_max, stamina_actuel, stamina_max, last_event_sequence)
     VALUES ($2, $1, $2, 'PNJ', 'A', 'Un', 1, 0, 0, 10, 10, 5, 5, 0, 0, 1)`,
    [COMBAT, ONE],
  );
  await pool.query(
    `INSERT INTO actions_combat (action_id, combat_id, numero_tour, participant_id, type_action, resultat, "timestamp", event_sequence)
     VALUES ($1, $1, 1, $2, 'ATTAQUE', 'SUCCES', now(), 1)`,
    [COMBAT, ONE],
  );
  await pool.query(
    `INSERT INTO effets_statut (effet_id, combat_id, participant_id, type_effet, source_type, duree_tours_restants, est_debuff,
       applique_a, event_sequence) VALUES ($1, $1, $2, 'POISON', 'COMPETENCE', 1, true, now(), 1)`,
    [COMBAT, ONE],
  );
  await pool.query(
    `INSERT INTO historique_combat (combat_id, numero_tour, type_evenement, details, "timestamp", event_sequence, event_type)
     VALUES ($1, 1, 'ACTION', '{}', now(), 1, 'ActionExecutee')`,
    [COMBAT],
  );
  for (const [table, column, fit, unfit] of words) {
    await pool.query(`UPDATE ${table} SET ${column} = $1`, [fit]);
    await expect(pool.query(`UPDATE ${table} SET ${column} = $1`, [unfit])).rejects.toMatchObject({ code: "23514" });
  }
  for (const change of ["hp_actuel = -1", "hp_actuel = 11", "mp_actuel = 6", "stamina_actuel = 1", "position = -1"])
    await expect(pool.query(`UPDATE participants_combat SET ${change}`)).rejects.toMatchObject({ code: "23514" });
  await pool.query("DELETE FROM instances_combat");
  for (const table of Object.keys(COLUMNS)) expect((await pool.query(`SELECT FROM ${table}`)).rowCount).toBe(0);
});
