-- Undoes 0026.any-act-once.
-- depends: 0025.ledger

alter table shop.idempotency_keys drop column result;
comment on table shop.idempotency_keys is 'Checkouts already done: the same key gets the same order and the same answer, not a second order.';
