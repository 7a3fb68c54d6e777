-- Up Migration

-- Read models of the catalogue, the market and the world. Columns and look-ups are those of the contract; what is ours beside
-- them is marked. `timestamp`s are the events' own, so that a replay writes the same rows.

-- Written by one projector with the market's tables, which refer to it.
CREATE TABLE items (
  item_id             uuid         PRIMARY KEY,
  nom                 varchar(100) NOT NULL,
  description         text,
  type_item           varchar(20)  NOT NULL CHECK (type_item IN ('ARME', 'ARMURE', 'CONSOMMABLE', 'MATERIAU', 'QUETE', 'AUTRE')),
  rarete              varchar(15)  NOT NULL CHECK (rarete IN ('COMMUN', 'RARE', 'EPIQUE', 'LEGENDAIRE', 'MYTHIQUE')),
  niveau_requis       integer      DEFAULT 1,
  stats               jsonb        NOT NULL DEFAULT '{}',
  effets              jsonb        NOT NULL DEFAULT '[]',
  valeur_or           integer      NOT NULL DEFAULT 0 CHECK (valeur_or >= 0),
  poids               integer      NOT NULL DEFAULT 1 CHECK (poids >= 0),
  empilable           boolean      DEFAULT false,
  stack_max           integer      DEFAULT 1 CHECK (stack_max > 0),
  echangeable         boolean      DEFAULT true,
  destructible        boolean      DEFAULT true,
  icone_url           varchar(255),
  recette_craft       jsonb,
  -- Ours: withdrawn, so that no new ones are made; and all that its author said, of which the columns are a part.
  retire              boolean      NOT NULL DEFAULT false,
  definition          jsonb        NOT NULL,
  last_event_sequence bigint       NOT NULL,
  updated_at          timestamptz  NOT NULL DEFAULT now()
);
CREATE INDEX idx_items_type ON items (type_item);
CREATE INDEX idx_items_rarete ON items (rarete);
CREATE INDEX idx_items_niveau ON items (niveau_requis);
CREATE INDEX idx_items_nom ON items (nom);
CREATE INDEX idx_items_echangeable ON items (echangeable) WHERE echangeable = true;
CREATE INDEX idx_items_stats ON items USING gin (stats);

CREATE TABLE competences (
  competence_id        uuid         PRIMARY KEY,
  nom                  varchar(100) NOT NULL,
  description          text,
  type_competence      varchar(10)  NOT NULL CHECK (type_competence IN ('ACTIVE', 'PASSIVE', 'ULTIMATE')),
  element              varchar(10)  CHECK (element IN ('FEU', 'EAU', 'TERRE', 'AIR', 'LUMIERE', 'OMBRE', 'NEUTRE')),
  cible                varchar(10)  NOT NULL CHECK (cible IN ('SOI', 'ALLIE', 'ENNEMI', 'ZONE', 'TOUS')),
  niveau_requis        integer      DEFAULT 1,
  cout_mana            integer      DEFAULT 0 CHECK (cout_mana >= 0),
  cout_stamina         integer      DEFAULT 0 CHECK (cout_stamina >= 0),
  cooldown_tours       integer      DEFAULT 0 CHECK (cooldown_tours >= 0),
  portee               integer      DEFAULT 1,
  effets               jsonb        NOT NULL DEFAULT '[]',
  modificateurs_niveau jsonb        DEFAULT '{}',
  animation            varchar(50),
  icone_url            varchar(255),
  pre_requis           jsonb        DEFAULT '{}',
  retire               boolean      NOT NULL DEFAULT false,
  definition           jsonb        NOT NULL,
  last_event_sequence  bigint       NOT NULL,
  updated_at           timestamptz  NOT NULL DEFAULT now()
);
CREATE INDEX idx_competences_type ON competences (type_competence);
CREATE INDEX idx_competences_element ON competences (element);
CREATE INDEX idx_competences_niveau ON competences (niveau_requis);
CREATE INDEX idx_competences_nom ON competences (nom);

CREATE TABLE quetes (
  quete_id              uuid         PRIMARY KEY,
  nom                   varchar(100) NOT NULL,
  description           text,
  type_quete            varchar(15)  NOT NULL CHECK (type_quete IN ('PRINCIPALE', 'SECONDAIRE', 'QUOTIDIENNE', 'EVENEMENT')),
  niveau_requis         integer      DEFAULT 1,
  niveau_recommande     integer,
  pre_requis            jsonb        DEFAULT '{}',
  objectifs             jsonb        NOT NULL,
  recompenses           jsonb        NOT NULL DEFAULT '{}',
  zone_depart           varchar(100),
  pnj_donneur           varchar(100),
  duree_limite_minutes  integer,
  repete                boolean      DEFAULT false,
  frequence_repetition  varchar(15)  CHECK (frequence_repetition IN ('QUOTIDIEN', 'HEBDOMADAIRE')),
  dialogues             jsonb        DEFAULT '[]',
  retire                boolean      NOT NULL DEFAULT false,
  definition            jsonb        NOT NULL,
  last_event_sequence   bigint       NOT NULL,
  updated_at            timestamptz  NOT NULL DEFAULT now()
);
CREATE INDEX idx_quetes_type ON quetes (type_quete);
CREATE INDEX idx_quetes_niveau ON quetes (niveau_requis);
CREATE INDEX idx_quetes_zone ON quetes (zone_depart);
CREATE INDEX idx_quetes_nom ON quetes (nom);
CREATE INDEX idx_quetes_repete ON quetes (repete) WHERE repete = true;

CREATE TABLE ordres_economie (
  ordre_id            uuid        PRIMARY KEY,
  type_ordre          varchar(10) NOT NULL CHECK (type_ordre IN ('VENTE', 'ACHAT')),
  joueur_id           uuid        NOT NULL,
  pseudo_joueur       varchar(50) NOT NULL,
  item_id             uuid        NOT NULL REFERENCES items (item_id),
  quantite            integer     NOT NULL CHECK (quantite > 0),
  quantite_restante   integer     NOT NULL CHECK (quantite_restante >= 0),
  prix_unitaire       integer     NOT NULL CHECK (prix_unitaire > 0),
  statut              varchar(25) NOT NULL DEFAULT 'ACTIF'
    CHECK (statut IN ('ACTIF', 'PARTIELLEMENT_EXECUTE', 'COMPLETE', 'ANNULE', 'EXPIRE')),
  cree_a              timestamptz NOT NULL,
  expire_a            timestamptz,
  complete_a          timestamptz,
  last_event_sequence bigint      NOT NULL,
  updated_at          timestamptz NOT NULL DEFAULT now(),
  CHECK (quantite_restante <= quantite),
  CHECK ((statut = 'COMPLETE') = (complete_a IS NOT NULL))
);
CREATE INDEX idx_ordres_economie_joueur ON ordres_economie (joueur_id);
CREATE INDEX idx_ordres_economie_item ON ordres_economie (item_id, statut);
CREATE INDEX idx_ordres_economie_type ON ordres_economie (type_ordre, statut);
CREATE INDEX idx_ordres_economie_statut ON ordres_economie (statut);
CREATE INDEX idx_ordres_economie_prix ON ordres_economie (item_id, type_ordre, prix_unitaire) WHERE statut = 'ACTIF';
-- Ours: a page of a player's own orders, however many are closed.
CREATE INDEX idx_ordres_economie_pages ON ordres_economie (joueur_id, cree_a DESC, ordre_id DESC);

CREATE TABLE transactions_economie (
  transaction_id  uuid        PRIMARY KEY,
  ordre_vente_id  uuid        NOT NULL REFERENCES ordres_economie (ordre_id),
  ordre_achat_id  uuid        NOT NULL REFERENCES ordres_economie (ordre_id),
  vendeur_id      uuid        NOT NULL,
  pseudo_vendeur  varchar(50) NOT NULL,
  acheteur_id     uuid        NOT NULL,
  pseudo_acheteur varchar(50) NOT NULL,
  item_id         uuid        NOT NULL REFERENCES items (item_id),
  quantite        integer     NOT NULL CHECK (quantite > 0),
  prix_unitaire   integer     NOT NULL CHECK (prix_unitaire > 0),
  montant_total   integer     NOT NULL CHECK (montant_total = quantite * prix_unitaire),
  taxe            integer     NOT NULL DEFAULT 0 CHECK (taxe BETWEEN 0 AND montant_total),
  executee_a      timestamptz NOT NULL,
  event_sequence  bigint      NOT NULL
);
CREATE INDEX idx_transactions_economie_vendeur ON transactions_economie (vendeur_id);
CREATE INDEX idx_transactions_economie_acheteur ON transactions_economie (acheteur_id);
CREATE INDEX idx_transactions_economie_item ON transactions_economie (item_id, executee_a DESC);
CREATE INDEX idx_transactions_economie_executee_a ON transactions_economie (executee_a);

CREATE TABLE prix_marche (
  prix_id                 uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  item_id                 uuid        NOT NULL REFERENCES items (item_id),
  prix_moyen_24h          integer,
  prix_min_24h            integer,
  prix_max_24h            integer,
  volume_24h              integer     DEFAULT 0 CHECK (volume_24h >= 0),
  nombre_transactions_24h integer     DEFAULT 0 CHECK (nombre_transactions_24h >= 0),
  historique_prix         jsonb       DEFAULT '[]',
  derniere_transaction    timestamptz,
  -- Ours.
  dernier_prix            integer,
  last_event_sequence     bigint      NOT NULL,
  updated_at              timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX idx_prix_marche_item ON prix_marche (item_id);
CREATE INDEX idx_prix_marche_volume ON prix_marche (volume_24h DESC);

CREATE TABLE etat_monde (
  monde_id                   uuid        PRIMARY KEY DEFAULT '00000000-0000-0000-0000-000000000000'
    CHECK (monde_id = '00000000-0000-0000-0000-000000000000'),
  cycle_jour_nuit            integer     NOT NULL DEFAULT 0 CHECK (cycle_jour_nuit BETWEEN 0 AND 23),
  saison                     varchar(10) NOT NULL DEFAULT 'PRINTEMPS' CHECK (saison IN ('PRINTEMPS', 'ETE', 'AUTOMNE', 'HIVER')),
  jour_saison                integer     NOT NULL DEFAULT 1 CHECK (jour_saison BETWEEN 1 AND 30),
  evenements_actifs          jsonb       NOT NULL DEFAULT '[]',
  boss_vaincus               jsonb       NOT NULL DEFAULT '[]',
  zones_decouvertes          jsonb       NOT NULL DEFAULT '[]',
  ressources_mondiales       jsonb       NOT NULL DEFAULT '{}',
  facteurs_economiques       jsonb       NOT NULL DEFAULT '{}',
  classements                jsonb       NOT NULL DEFAULT '{}',
  derniere_mise_a_jour_cycle timestamptz NOT NULL DEFAULT now(),
  -- Ours.
  annee                      integer     NOT NULL DEFAULT 1 CHECK (annee > 0),
  last_event_sequence        bigint      NOT NULL,
  updated_at                 timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX idx_etat_monde_singleton ON etat_monde ((monde_id = '00000000-0000-0000-0000-000000000000'));

-- Ours: what the world remembers of itself only as a count. Defeats of bosses, and events that ended.
CREATE TABLE histoire_monde (
  event_sequence bigint       PRIMARY KEY,
  type_fait      varchar(20)  NOT NULL CHECK (type_fait IN ('BOSS_VAINCU', 'EVENEMENT_TERMINE')),
  reference_id   uuid         NOT NULL,
  nom            varchar(100) NOT NULL,
  zone_id        uuid,
  details        jsonb        NOT NULL,
  survenu_a      timestamptz  NOT NULL
);
CREATE INDEX idx_histoire_monde_type ON histoire_monde (type_fait, event_sequence DESC);

GRANT SELECT, INSERT, UPDATE, DELETE
  ON items, competences, quetes, ordres_economie, transactions_economie, prix_marche, etat_monde, histoire_monde TO aether_app;

-- Down Migration

DROP TABLE histoire_monde, etat_monde, prix_marche, transactions_economie, ordres_economie, quetes, competences, items;
