-- Up Migration

-- Who has an account here. What tells who someone is stands in this table and in no other. A guest has neither name nor password,
-- until it claims its account.
CREATE TABLE comptes (
  compte_id    uuid        PRIMARY KEY,
  -- As it is written; compared in lower case.
  username     varchar(50),
  -- argon2id, with its salt and parameters.
  mot_de_passe text,
  role         varchar(20) NOT NULL DEFAULT 'joueur' CHECK (role IN ('joueur', 'spectateur', 'service', 'auteur', 'admin')),
  cree_a       timestamptz NOT NULL DEFAULT now(),
  CHECK ((username IS NULL) = (mot_de_passe IS NULL))
);
CREATE UNIQUE INDEX idx_comptes_username ON comptes (lower(username));
CREATE INDEX idx_comptes_invites ON comptes (cree_a) WHERE username IS NULL;
-- A role is for the tables' owner to give: whoever takes over the application cannot make itself an operator with it.
GRANT SELECT, DELETE, INSERT (compte_id, username, mot_de_passe), UPDATE (username, mot_de_passe) ON comptes TO aether_app;

-- A login and all that it was renewed to. It is over when it is revoked, or when nothing of it is valid any more.
CREATE TABLE token_families (
  family_id   uuid        PRIMARY KEY,
  compte_id   uuid        NOT NULL REFERENCES comptes ON DELETE CASCADE,
  created_at  timestamptz NOT NULL DEFAULT now(),
  -- Of its newest refresh token.
  expires_at  timestamptz NOT NULL,
  revoked_at  timestamptz,
  revoked_for varchar(20) CHECK (revoked_for IN ('LOGOUT', 'REUSE')),
  CHECK ((revoked_at IS NULL) = (revoked_for IS NULL))
);
CREATE INDEX idx_token_families_compte ON token_families (compte_id);
CREATE INDEX idx_token_families_expires ON token_families (expires_at);
-- Every node looks for new ones all the time.
CREATE INDEX idx_token_families_revoked ON token_families (revoked_at) WHERE revoked_at IS NOT NULL;

-- Refresh tokens, used ones too: whoever shows one again is found out by it. Of a token only its hash is kept.
CREATE TABLE refresh_tokens (
  token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
  family_id  uuid        NOT NULL REFERENCES token_families ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz,
  -- The token that it was changed for, which only the holder of this one can open; until that one is used.
  successor  bytea
);
CREATE INDEX idx_refresh_tokens_family ON refresh_tokens (family_id);

GRANT SELECT, INSERT, DELETE ON token_families, refresh_tokens TO aether_app;
GRANT UPDATE (expires_at, revoked_at, revoked_for) ON token_families TO aether_app;
GRANT UPDATE (used_at, successor) ON refresh_tokens TO aether_app;

-- A stay in a room is over with the login that it began with.
ALTER TABLE sessions ADD COLUMN family_id uuid;

-- Changes a refresh token for its successor. The family's row is locked first, so that of two at once the second sees what the first did.
-- `outcome`: ROTATED; REPEATED, with the successor of the first time, which is not used yet; REUSED, and the family is revoked;
-- or REFUSED.
CREATE FUNCTION rotate_refresh_token(p_hash bytea, p_next bytea, p_successor bytea, p_lifetime interval, p_grace interval)
RETURNS TABLE (outcome text, family_id uuid, compte_id uuid, role varchar, successor bytea)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
  f token_families;
  t refresh_tokens;
BEGIN
  SELECT tf.* INTO f FROM token_families tf JOIN refresh_tokens rt USING (family_id) WHERE rt.token_hash = p_hash FOR UPDATE OF tf;
  SELECT * INTO t FROM refresh_tokens WHERE token_hash = p_hash;
  IF t.token_hash IS NULL OR f.revoked_at IS NOT NULL OR t.expires_at <= clock_timestamp() THEN
    RETURN QUERY SELECT 'REFUSED', f.family_id, f.compte_id, NULL::varchar, NULL::bytea;
    RETURN;
  END IF;
  IF t.used_at IS NULL THEN
    UPDATE refresh_tokens SET successor = NULL WHERE family_id = f.family_id AND successor IS NOT NULL;
    UPDATE refresh_tokens SET used_at = clock_timestamp(), successor = p_successor WHERE token_hash = p_hash;
    INSERT INTO refresh_tokens (token_hash, family_id, expires_at) VALUES (p_next, f.family_id, clock_timestamp() + p_lifetime);
    UPDATE token_families SET expires_at = clock_timestamp() + p_lifetime WHERE family_id = f.family_id;
    t.successor := p_successor;
    outcome := 'ROTATED';
  ELSIF t.successor IS NOT NULL AND t.used_at > clock_timestamp() - p_grace THEN
    outcome := 'REPEATED';
  ELSE
    UPDATE token_families SET revoked_at = clock_timestamp(), revoked_for = 'REUSE' WHERE family_id = f.family_id;
    RETURN QUERY SELECT 'REUSED', f.family_id, f.compte_id, NULL::varchar, NULL::bytea;
    RETURN;
  END IF;
  RETURN QUERY SELECT outcome, f.family_id, f.compte_id, c.role, t.successor FROM comptes c WHERE c.compte_id = f.compte_id;
END $$;
REVOKE ALL ON FUNCTION rotate_refresh_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rotate_refresh_token TO aether_app;

-- Down Migration

DROP FUNCTION rotate_refresh_token;
ALTER TABLE sessions DROP COLUMN family_id;
DROP TABLE refresh_tokens, token_families, comptes;
