-- Up Migration

-- It takes nothing new: it has handed over what it ran, or is about to.
ALTER TABLE nodes ADD COLUMN draining boolean NOT NULL DEFAULT false;

-- Down Migration

ALTER TABLE nodes DROP COLUMN draining;
