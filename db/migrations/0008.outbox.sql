-- What must happen later, written in the transaction that causes it: lost with it or kept with it.
-- depends: 0007.payments

create table shop.outbox (
  id uuid not null default gen_random_uuid(),
  topic text not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  available_at timestamptz not null default now(),
  -- Also the fencing token: only the holder of the latest attempt may finish the row.
  attempts integer not null default 0,
  lease_until timestamptz,
  done_at timestamptz,
  dead_at timestamptz,
  last_error text,
  constraint outbox_pkey primary key (id),
  constraint outbox_topic_is_dotted check (topic ~ '^[a-z_]+\.[a-z_]+$'),
  constraint outbox_payload_is_object check (jsonb_typeof(payload) = 'object')
);
create index outbox_waiting_idx on shop.outbox (available_at, created_at) where done_at is null and dead_at is null;
create index outbox_done_at_idx on shop.outbox (done_at) where done_at is not null;
comment on table shop.outbox is 'Work for the workers; the queue in Redis is only the doorbell.';

create function shop.ring_outbox() returns trigger
language plpgsql set search_path = '' as $$
begin
  notify outbox;
  return null;
end;
$$;
create trigger outbox_ring after insert on shop.outbox for each statement execute function shop.ring_outbox();
comment on function shop.ring_outbox is 'Wakes the relay at commit.';

call shop.protect('shop.outbox');
grant select on shop.outbox to admin;
create policy outbox_select_admin on shop.outbox for select to admin using (true);
