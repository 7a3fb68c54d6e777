-- Up Migration

-- What operators and services did. A line is written before the act, so that none is without one, and its outcome after it.
CREATE TABLE audit_lines (
  line_id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at             timestamptz NOT NULL DEFAULT clock_timestamp(),
  user_id        uuid        NOT NULL,
  role           varchar(20) NOT NULL,
  -- The call as it is declared, e.g. `POST /admin/projections/:name/rebuild`.
  act            varchar(200) NOT NULL,
  -- What it was called upon: the path, without its query.
  target         varchar(500) NOT NULL,
  -- The same as in the events that it led to.
  correlation_id uuid        NOT NULL,
  address        inet
);
CREATE INDEX idx_audit_lines_at ON audit_lines USING brin (at);
CREATE INDEX idx_audit_lines_user ON audit_lines (user_id, line_id);
CREATE INDEX idx_audit_lines_correlation ON audit_lines (correlation_id);

-- A line without one: the node ended before the act did.
CREATE TABLE audit_outcomes (
  line_id bigint      PRIMARY KEY REFERENCES audit_lines,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  status  smallint    NOT NULL,
  -- Of a refusal.
  code    varchar(50)
);

CREATE TRIGGER audit_lines_immutable BEFORE UPDATE OR DELETE ON audit_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_lines_no_truncate BEFORE TRUNCATE ON audit_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_outcomes_immutable BEFORE UPDATE OR DELETE ON audit_outcomes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_outcomes_no_truncate BEFORE TRUNCATE ON audit_outcomes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON audit_lines, audit_outcomes TO aether_app;

-- Down Migration

DROP TABLE audit_outcomes, audit_lines;
