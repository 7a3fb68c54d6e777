-- Up Migration

-- What a service asked for serves until its match has begun or has come to nothing. From then on the log has it, with names sealed.
CREATE FUNCTION forget_definition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.definition := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER matchs_forget_definition BEFORE UPDATE ON matchs FOR EACH ROW
  WHEN (NEW.etat IN ('LANCE', 'ECHOUE') AND NEW.definition IS NOT NULL) EXECUTE FUNCTION forget_definition();
UPDATE matchs SET etat = etat WHERE etat IN ('LANCE', 'ECHOUE') AND definition IS NOT NULL;

-- Down Migration

DROP TRIGGER matchs_forget_definition ON matchs;
DROP FUNCTION forget_definition;
