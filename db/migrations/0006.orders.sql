-- What was bought. Totals add up by constraint, states move along a table, stock is held by reservations.
-- depends: 0005.carts

create table shop.shipping_methods (
  id uuid not null default gen_random_uuid(),
  code text not null,
  name text not null,
  price numeric(12, 2) not null,
  is_default boolean not null default false,
  is_active boolean not null default true,
  constraint shipping_methods_pkey primary key (id),
  constraint shipping_methods_code_key unique (code),
  constraint shipping_methods_price_not_negative check (price >= 0)
);
create unique index shipping_methods_one_default on shop.shipping_methods (is_default) where is_default;
comment on table shop.shipping_methods is 'How orders travel and what that costs, flat.';
insert into shop.shipping_methods (code, name, price, is_default) values ('standard', 'Standard delivery', 4.95, true);

create table shop.tax_rates (
  id uuid not null default gen_random_uuid(),
  name text not null,
  rate numeric(6, 4) not null,
  is_default boolean not null default false,
  constraint tax_rates_pkey primary key (id),
  constraint tax_rates_rate_is_a_fraction check (rate between 0 and 1)
);
create unique index tax_rates_one_default on shop.tax_rates (is_default) where is_default;
comment on table shop.tax_rates is 'Tax added to the goods of an order; 0.2 is 20 %.';
insert into shop.tax_rates (name, rate, is_default) values ('VAT', 0.20, true);

create table shop.order_statuses (
  status text not null,
  label text not null,
  constraint order_statuses_pkey primary key (status)
);
comment on table shop.order_statuses is 'The states of an order and what people read.';
insert into shop.order_statuses (status, label) values
  ('pending', 'Pending Payment'), ('confirmed', 'Confirmed'), ('processing', 'Processing'), ('shipped', 'Shipped'),
  ('delivered', 'Delivered'), ('cancelled', 'Cancelled'), ('refunded', 'Refunded');

create table shop.order_transitions (
  from_status text not null,
  to_status text not null,
  -- Who may ask for it. What only the system does (payment, expiry) is neither.
  is_for_customer boolean not null default false,
  is_for_staff boolean not null default false,
  constraint order_transitions_pkey primary key (from_status, to_status),
  constraint order_transitions_from_status_fkey foreign key (from_status)
    references shop.order_statuses (status) on delete restrict,
  constraint order_transitions_to_status_fkey foreign key (to_status)
    references shop.order_statuses (status) on delete restrict
);
create index order_transitions_to_status_idx on shop.order_transitions (to_status);
comment on table shop.order_transitions is 'Which state may follow which, and who may ask for it.';
insert into shop.order_transitions (from_status, to_status, is_for_customer, is_for_staff) values
  ('pending', 'confirmed', false, false),
  ('pending', 'cancelled', true, true),
  ('confirmed', 'processing', false, true),
  ('confirmed', 'cancelled', true, true),
  ('processing', 'shipped', false, true),
  ('processing', 'cancelled', false, true),
  ('shipped', 'delivered', false, true),
  ('confirmed', 'refunded', false, false),
  ('processing', 'refunded', false, false),
  ('shipped', 'refunded', false, false),
  ('delivered', 'refunded', false, false),
  -- The payment came after the reservation had run out, and there is stock again.
  ('cancelled', 'confirmed', false, false);

create sequence shop.order_numbers;

create table shop.orders (
  id uuid not null default gen_random_uuid(),
  order_number text not null default to_char(now(), 'YYYYMMDD') || '-' || lpad(nextval('shop.order_numbers')::text, 6, '0'),
  -- Restrict: orders are tax records and outlive the wish to leave.
  customer_id uuid not null,
  status text not null default 'pending',
  currency text not null,
  subtotal numeric(12, 2) not null,
  discount numeric(12, 2) not null default 0,
  tax numeric(12, 2) not null,
  shipping_cost numeric(12, 2) not null,
  total_amount numeric(12, 2) not null,
  shipping_address jsonb not null,
  billing_address jsonb not null,
  notes text not null default '',
  tracking_number text,
  shipped_at timestamptz,
  delivered_at timestamptz,
  -- Why it was cancelled: money that comes late revives an expired order, never one that somebody cancelled.
  cancelled_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint orders_pkey primary key (id),
  constraint orders_order_number_key unique (order_number),
  constraint orders_customer_id_fkey foreign key (customer_id) references shop.customers (id) on delete restrict,
  constraint orders_status_fkey foreign key (status) references shop.order_statuses (status) on delete restrict,
  constraint orders_currency_is_iso_code check (currency ~ '^[A-Z]{3}$'),
  constraint orders_amounts_not_negative check (
    subtotal >= 0 and discount >= 0 and tax >= 0 and shipping_cost >= 0 and total_amount >= 0
  ),
  constraint orders_total_is_sum_of_parts check (total_amount = subtotal - discount + tax + shipping_cost),
  constraint orders_cancelled_by_is_known check (cancelled_by in ('customer', 'staff', 'expiry')),
  constraint orders_notes_length check (length(notes) <= 2000),
  constraint orders_tracking_number_length check (length(tracking_number) <= 100)
);
create index orders_customer_id_idx on shop.orders (customer_id, created_at desc, id);
create index orders_status_idx on shop.orders (status, created_at desc);
create trigger orders_touch before update on shop.orders for each row execute function shop.touch();
comment on table shop.orders is 'Placed orders. They are made by checkout only.';

create table shop.order_items (
  id uuid not null default gen_random_uuid(),
  order_id uuid not null,
  product_id uuid,
  variant_id uuid,
  product_name text not null,
  variant_name text,
  sku text not null,
  quantity integer not null,
  price numeric(12, 2) not null,
  subtotal numeric(12, 2) generated always as (quantity * price) stored,
  returned_quantity integer not null default 0,
  constraint order_items_pkey primary key (id),
  constraint order_items_order_id_fkey foreign key (order_id) references shop.orders (id) on delete restrict,
  constraint order_items_product_id_fkey foreign key (product_id) references shop.products (id) on delete set null,
  constraint order_items_variant_id_fkey foreign key (variant_id)
    references shop.product_variants (id) on delete set null,
  constraint order_items_quantity_is_positive check (quantity > 0),
  constraint order_items_price_not_negative check (price >= 0),
  constraint order_items_returned_at_most_sold check (returned_quantity between 0 and quantity)
);
create index order_items_order_id_idx on shop.order_items (order_id);
create index order_items_product_id_idx on shop.order_items (product_id);
create index order_items_variant_id_idx on shop.order_items (variant_id);
comment on table shop.order_items is 'Lines of an order with name, SKU and price as they were.';

create function shop.check_order_subtotal() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  checked uuid := case tg_table_name when 'orders' then to_jsonb(new) ->> 'id'
    else coalesce(to_jsonb(new), to_jsonb(old)) ->> 'order_id' end;
begin
  if exists (
    select from shop.orders o where o.id = checked and o.subtotal is distinct from
      (select sum(i.subtotal) from shop.order_items i where i.order_id = o.id)
  ) then
    raise sqlstate '23514' using
      message = 'the subtotal of an order is the sum of its items', constraint = 'orders_subtotal_is_sum_of_items';
  end if;
  return null;
end;
$$;
create constraint trigger orders_check_subtotal after insert or update of subtotal on shop.orders
  deferrable initially deferred for each row execute function shop.check_order_subtotal();
create constraint trigger order_items_check_subtotal after insert or delete or update of quantity, price, order_id
  on shop.order_items deferrable initially deferred for each row execute function shop.check_order_subtotal();
comment on function shop.check_order_subtotal is 'At the end of the transaction the items add up to the subtotal.';

create table shop.order_status_history (
  id bigint generated always as identity,
  order_id uuid not null,
  status text not null,
  notes text not null default '',
  actor_id uuid default shop.current_user_id(),
  created_at timestamptz not null default clock_timestamp(),
  constraint order_status_history_pkey primary key (id),
  constraint order_status_history_order_id_fkey foreign key (order_id) references shop.orders (id) on delete restrict,
  constraint order_status_history_status_fkey foreign key (status)
    references shop.order_statuses (status) on delete restrict
);
create index order_status_history_order_id_idx on shop.order_status_history (order_id, id);
create index order_status_history_status_idx on shop.order_status_history (status);
create trigger order_status_history_append_only before update or delete on shop.order_status_history
  for each row execute function shop.refuse_change();
create trigger order_status_history_no_truncate before truncate on shop.order_status_history
  for each statement execute function shop.refuse_change();
comment on table shop.order_status_history is 'Append-only: when an order took which state, through whom and why.';

create function shop.record_order_status() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'UPDATE' and not exists (
    select from shop.order_transitions t where t.from_status = old.status and t.to_status = new.status
  ) then
    raise sqlstate '23514' using
      message = format('an order does not go from %s to %s', old.status, new.status),
      constraint = 'orders_status_follows_transitions';
  end if;
  insert into shop.order_status_history (order_id, status, notes)
  values (new.id, new.status, coalesce(current_setting('shop.status_note', true), ''));
  return null;
end;
$$;
create trigger orders_record_first_status after insert on shop.orders
  for each row execute function shop.record_order_status();
create trigger orders_record_status after update of status on shop.orders
  for each row when (old.status <> new.status) execute function shop.record_order_status();
comment on function shop.record_order_status is
  'Lets a state change only along order_transitions, and writes the history with the reason in shop.status_note.';

create table shop.reservations (
  id uuid not null default gen_random_uuid(),
  order_id uuid not null,
  variant_id uuid not null,
  quantity integer not null,
  state text not null default 'held',
  expires_at timestamptz not null,
  constraint reservations_pkey primary key (id),
  constraint reservations_one_a_variant_of_an_order unique (order_id, variant_id),
  constraint reservations_order_id_fkey foreign key (order_id) references shop.orders (id) on delete restrict,
  constraint reservations_variant_id_fkey foreign key (variant_id)
    references shop.product_variants (id) on delete restrict,
  constraint reservations_quantity_is_positive check (quantity > 0),
  constraint reservations_state_is_known check (state in ('held', 'taken', 'released'))
);
create index reservations_variant_id_idx on shop.reservations (variant_id);
create index reservations_expires_at_idx on shop.reservations (expires_at) where state = 'held';
comment on table shop.reservations is 'Stock that belongs to an order: held until paid, then taken; released by expiry or cancellation.';

create function shop.post_reservation() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if tg_op = 'DELETE' then
    raise sqlstate '23514' using
      message = 'a reservation is released, not deleted', constraint = 'reservations_are_kept';
  elsif tg_op = 'UPDATE' and (new.variant_id, new.quantity, new.order_id) <> (old.variant_id, old.quantity, old.order_id)
     or tg_op = 'UPDATE' and old.state = 'taken' and new.state <> 'taken' then
    raise sqlstate '23514' using
      message = 'a reservation only changes its state, and taken is final', constraint = 'reservations_move_forward';
  end if;
  if tg_op = 'UPDATE' and old.state = 'held' and new.state <> 'held' then
    update shop.stock set reserved = reserved - new.quantity where variant_id = new.variant_id;
  end if;
  if new.state = 'held' and (tg_op = 'INSERT' or old.state <> 'held') then
    update shop.stock set reserved = reserved + new.quantity where variant_id = new.variant_id;
  end if;
  if new.state = 'taken' and (tg_op = 'INSERT' or old.state <> 'taken') then
    insert into shop.stock_movements (variant_id, quantity, reason, order_id)
    values (new.variant_id, -new.quantity, 'sale', new.order_id);
  end if;
  return null;
end;
$$;
create trigger reservations_post after insert or update or delete on shop.reservations
  for each row execute function shop.post_reservation();
comment on function shop.post_reservation is 'Keeps what is reserved, and books the sale once a reservation is taken.';

-- The table is empty still, so nothing is scanned or blocked.
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table shop.stock_movements
  -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
  add constraint stock_movements_order_id_fkey foreign key (order_id) references shop.orders (id) on delete restrict;

create table shop.idempotency_keys (
  customer_id uuid not null,
  key text not null,
  request_hash text not null,
  order_id uuid,
  -- As it was given the first time, byte for byte.
  response json,
  created_at timestamptz not null default now(),
  constraint idempotency_keys_pkey primary key (customer_id, key),
  constraint idempotency_keys_customer_id_fkey foreign key (customer_id)
    references shop.customers (id) on delete cascade,
  constraint idempotency_keys_order_id_fkey foreign key (order_id) references shop.orders (id) on delete cascade,
  constraint idempotency_keys_key_length check (length(key) between 1 and 255)
);
create index idempotency_keys_created_at_idx on shop.idempotency_keys (created_at);
create index idempotency_keys_order_id_idx on shop.idempotency_keys (order_id);
comment on table shop.idempotency_keys is 'Checkouts already done: the same key gets the same order and the same answer, not a second order.';

call shop.protect(
  'shop.shipping_methods', 'shop.tax_rates', 'shop.order_statuses', 'shop.order_transitions', 'shop.orders',
  'shop.order_items', 'shop.order_status_history', 'shop.reservations', 'shop.idempotency_keys'
);
grant select on shop.shipping_methods, shop.tax_rates, shop.order_statuses to anon, customer;
grant select on shop.order_transitions to customer;
grant insert, update, delete on shop.shipping_methods, shop.tax_rates to admin;
grant select on shop.orders, shop.order_items, shop.order_status_history to customer;
grant select on shop.reservations to staff;
create policy shipping_methods_select_active on shop.shipping_methods for select to anon, customer using (is_active);
create policy shipping_methods_all_admin on shop.shipping_methods to admin using (true) with check (true);
create policy tax_rates_select_all on shop.tax_rates for select to anon, customer using (true);
create policy tax_rates_all_admin on shop.tax_rates to admin using (true) with check (true);
create policy order_statuses_select_all on shop.order_statuses for select to anon, customer using (true);
create policy order_transitions_select_all on shop.order_transitions for select to customer using (true);
create policy orders_select_own on shop.orders for select to customer
  using (customer_id = (select shop.current_user_id()));
create policy orders_select_staff on shop.orders for select to staff using (true);
create policy order_items_select_own on shop.order_items for select to customer using (
  exists (select from shop.orders o where o.id = order_id and o.customer_id = (select shop.current_user_id()))
);
create policy order_items_select_staff on shop.order_items for select to staff using (true);
create policy order_status_history_select_own on shop.order_status_history for select to customer using (
  exists (select from shop.orders o where o.id = order_id and o.customer_id = (select shop.current_user_id()))
);
create policy order_status_history_select_staff on shop.order_status_history for select to staff using (true);
create policy reservations_select_staff on shop.reservations for select to staff using (true);
