-- Up Migration

-- How often rows of the consumer's changed without its position: by a redelivery, or by new tables in the place of the old ones.
-- It changes in the transaction that changes them, so that whoever keeps copies of them can tell.
ALTER TABLE consumer_checkpoints ADD COLUMN rewrites bigint NOT NULL DEFAULT 0;
GRANT UPDATE (rewrites) ON consumer_checkpoints TO aether_app;

-- Down Migration

ALTER TABLE consumer_checkpoints DROP COLUMN rewrites;
