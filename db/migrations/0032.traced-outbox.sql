-- A row of the outbox knows which request has caused it, so that the worker's lines can be found by the request's id.
-- depends: 0031.keys-that-orders-hold

-- A client may name a request as it likes; what stays is only what a machine has made, as in the audit log.
alter table shop.outbox add column request_id text, add column traceparent text;
alter table shop.outbox
  alter column request_id set default substring(
    nullif(current_setting('request.headers', true), '')::json ->> 'x-request-id' from '^[0-9A-Fa-f-]{8,64}$'
  ),
  alter column traceparent set default substring(
    nullif(current_setting('request.headers', true), '')::json ->> 'traceparent' from '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'
  );
-- Who was given up is counted again and again, and hardly ever there. The index is empty, but for one look at the rows
-- of 90 days, which takes well under a second.
-- squawk-ignore require-concurrent-index-creation
create index outbox_dead_idx on shop.outbox (dead_at) where dead_at is not null;
comment on column shop.outbox.request_id is 'The X-Request-Id of the request that caused it, as in the logs, if it is hexadecimal.';
comment on column shop.outbox.traceparent is 'The W3C trace of that request.';
