-- Money taken and given back. What Stripe says is kept as it came; refunds never exceed what was captured.
-- depends: 0006.orders

create table shop.payments (
  id uuid not null default gen_random_uuid(),
  order_id uuid not null,
  intent_id text,
  client_secret text,
  -- Stripe's own words for the state of a PaymentIntent; `new` before there is one.
  status text not null default 'new',
  amount numeric(12, 2) not null,
  currency text not null,
  captured_amount numeric(12, 2) not null default 0,
  refunded_amount numeric(12, 2) not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint payments_pkey primary key (id),
  constraint payments_order_id_key unique (order_id),
  constraint payments_intent_id_key unique (intent_id),
  constraint payments_order_id_fkey foreign key (order_id) references shop.orders (id) on delete restrict,
  constraint payments_status_is_known check (status in (
    'new', 'requires_payment_method', 'requires_confirmation', 'requires_action', 'processing', 'requires_capture',
    'canceled', 'succeeded'
  )),
  constraint payments_amount_not_negative check (amount >= 0),
  constraint payments_captured_at_most_amount check (captured_amount between 0 and amount),
  constraint payments_refunded_at_most_captured check (refunded_amount between 0 and captured_amount)
);
create trigger payments_touch before update on shop.payments for each row execute function shop.touch();
comment on table shop.payments is 'One PaymentIntent an order.';

create function shop.check_order_payment() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  checked uuid := to_jsonb(new) ->> case tg_table_name when 'orders' then 'id' else 'order_id' end;
begin
  if exists (
    select from shop.orders o left join shop.payments p on p.order_id = o.id
    where o.id = checked and case o.status
      when 'cancelled' then false
      when 'pending' then p.captured_amount > 0
      else p.captured_amount is distinct from o.total_amount
        or exists (select from shop.reservations r where r.order_id = o.id and r.state <> 'taken')
    end
  ) then
    raise sqlstate '23514' using
      message = 'an order is confirmed exactly when it is paid and its stock is taken',
      constraint = 'orders_confirmed_when_paid';
  end if;
  return null;
end;
$$;
create constraint trigger orders_check_payment after insert or update of status, total_amount on shop.orders
  deferrable initially deferred for each row execute function shop.check_order_payment();
create constraint trigger payments_check_order after insert or update of captured_amount, order_id on shop.payments
  deferrable initially deferred for each row execute function shop.check_order_payment();
comment on function shop.check_order_payment is
  'At the end of the transaction nothing is delivered unpaid, and no money lies on an order that still waits for it.';

create table shop.refunds (
  id uuid not null default gen_random_uuid(),
  payment_id uuid not null,
  amount numeric(12, 2) not null,
  status text not null default 'pending',
  reason text not null default '',
  stripe_refund_id text,
  actor_id uuid default shop.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint refunds_pkey primary key (id),
  constraint refunds_stripe_refund_id_key unique (stripe_refund_id),
  constraint refunds_payment_id_fkey foreign key (payment_id) references shop.payments (id) on delete restrict,
  constraint refunds_amount_is_positive check (amount > 0),
  constraint refunds_status_is_known check (status in ('pending', 'succeeded', 'failed')),
  constraint refunds_reason_length check (length(reason) <= 500)
);
create index refunds_payment_id_idx on shop.refunds (payment_id);
create trigger refunds_touch before update on shop.refunds for each row execute function shop.touch();
comment on table shop.refunds is 'Money given back, also in part; asked of Stripe by a worker.';

create function shop.add_up_refunds() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op <> 'INSERT' and old.status <> 'failed' then
    update shop.payments set refunded_amount = refunded_amount - old.amount where id = old.payment_id;
  end if;
  if tg_op <> 'DELETE' and new.status <> 'failed' then
    update shop.payments set refunded_amount = refunded_amount + new.amount where id = new.payment_id;
  end if;
  return null;
end;
$$;
create trigger refunds_add_up after insert or delete or update of status, amount, payment_id on shop.refunds
  for each row execute function shop.add_up_refunds();
comment on function shop.add_up_refunds is 'A refund counts from the moment it is asked for, unless it fails.';

create table shop.payment_events (
  id text not null,
  type text not null,
  payload jsonb not null,
  outcome text not null,
  received_at timestamptz not null default now(),
  constraint payment_events_pkey primary key (id),
  constraint payment_events_outcome_is_known check (outcome in ('applied', 'ignored', 'quarantined'))
);
create index payment_events_received_at_idx on shop.payment_events (received_at);
create index payment_events_quarantined_idx on shop.payment_events (received_at) where outcome = 'quarantined';
comment on table shop.payment_events is 'Webhooks that came, each once, as they were, and what became of them.';

call shop.protect('shop.payments', 'shop.refunds', 'shop.payment_events');
grant select (id, order_id, intent_id, status, amount, currency, captured_amount, refunded_amount, created_at, updated_at)
  on shop.payments to customer;
grant select (id, payment_id, amount, status, reason, created_at, updated_at) on shop.refunds to customer;
grant select on shop.refunds, shop.payment_events to staff;
create policy payments_select_own on shop.payments for select to customer using (
  exists (select from shop.orders o where o.id = order_id and o.customer_id = (select shop.current_user_id()))
);
create policy payments_select_staff on shop.payments for select to staff using (true);
create policy refunds_select_own on shop.refunds for select to customer using (
  exists (
    select from shop.payments p join shop.orders o on o.id = p.order_id
    where p.id = payment_id and o.customer_id = (select shop.current_user_id())
  )
);
create policy refunds_select_staff on shop.refunds for select to staff using (true);
create policy payment_events_select_staff on shop.payment_events for select to staff using (true);
