-- Undoes 0031.traced-outbox.
-- depends: 0030.what-can-be-sold

drop index shop.outbox_dead_idx;
alter table shop.outbox drop column request_id, drop column traceparent;
