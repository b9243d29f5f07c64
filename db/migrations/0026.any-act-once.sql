-- The memory of Idempotency-Key serves every act that matters, no longer checkout alone.
-- depends: 0025.ledger

-- What the function returned, for those that are asked again; `response` is what the caller was told.
alter table shop.idempotency_keys add column result jsonb;
comment on table shop.idempotency_keys is 'What was done under an Idempotency-Key: the same key gets the same answer, and nothing is done twice.';
