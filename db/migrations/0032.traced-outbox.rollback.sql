-- Undoes 0032.traced-outbox.
-- depends: 0031.keys-that-orders-hold

drop index shop.outbox_dead_idx;
alter table shop.outbox drop column request_id, drop column traceparent;
