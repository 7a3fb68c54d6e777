-- Up Migration

-- All aggregates of a type, by pages. Written once a stream; its columns never change, so that heads move as cheaply as before.
CREATE INDEX idx_stream_heads_type ON stream_heads (aggregate_type, aggregate_id);
