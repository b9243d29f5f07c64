-- How many there are. The ledger is the truth; what is on hand is its sum, kept by trigger, and nobody can write it.
-- depends: 0003.catalogue

create table shop.stock (
  variant_id uuid not null,
  on_hand integer not null default 0,
  reserved integer not null default 0,
  available integer generated always as (on_hand - reserved) stored,
  constraint stock_pkey primary key (variant_id),
  constraint stock_variant_id_fkey foreign key (variant_id) references shop.product_variants (id) on delete cascade,
  constraint stock_on_hand_not_negative check (on_hand >= 0),
  constraint stock_reserved_not_negative check (reserved >= 0),
  -- This line is why nothing is ever oversold.
  constraint stock_is_sufficient check (reserved <= on_hand)
) with (fillfactor = 70);
comment on table shop.stock is 'On hand, held by unpaid orders, and what can still be sold. One row a variant.';

create table shop.stock_movements (
  id bigint generated always as identity,
  variant_id uuid not null,
  quantity integer not null,
  reason text not null,
  order_id uuid,
  actor_id uuid default shop.current_user_id(),
  created_at timestamptz not null default now(),
  constraint stock_movements_pkey primary key (id),
  -- Restrict: what has a history of stock is switched off, not deleted.
  constraint stock_movements_variant_id_fkey foreign key (variant_id)
    references shop.product_variants (id) on delete restrict,
  constraint stock_movements_quantity_not_zero check (quantity <> 0),
  constraint stock_movements_reason_is_known check (reason in ('initial', 'delivery', 'sale', 'return', 'correction')),
  constraint stock_movements_sale_takes_away check (reason <> 'sale' or quantity < 0),
  constraint stock_movements_return_brings_back check (reason <> 'return' or quantity > 0)
);
create index stock_movements_variant_id_idx on shop.stock_movements (variant_id, id);
create index stock_movements_order_id_idx on shop.stock_movements (order_id) where order_id is not null;
comment on table shop.stock_movements is 'Append-only ledger: every change of what is on hand, with its reason.';
create trigger stock_movements_append_only before update or delete on shop.stock_movements
  for each row execute function shop.refuse_change();
create trigger stock_movements_no_truncate before truncate on shop.stock_movements
  for each statement execute function shop.refuse_change();

create function shop.open_stock() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into shop.stock (variant_id) values (new.id);
  return null;
end;
$$;
create trigger product_variants_open_stock after insert on shop.product_variants
  for each row execute function shop.open_stock();
comment on function shop.open_stock is 'Every variant has a row of stock from its first moment, empty.';

create function shop.guard_stock() returns trigger
language plpgsql set search_path = '' as $$
begin
  -- Depth 1 is a statement of somebody's own; the ledger's and the reservations' triggers come deeper.
  if pg_trigger_depth() < 2 then
    raise sqlstate '23514' using
      message = 'stock is written by its ledger and by reservations only', constraint = 'stock_equals_its_ledger',
      hint = 'Insert into shop.stock_movements.';
  end if;
  if tg_op = 'INSERT' and (new.on_hand, new.reserved) <> (0, 0) then
    raise sqlstate '23514' using
      message = 'stock begins empty', constraint = 'stock_equals_its_ledger';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end;
$$;
create trigger stock_guard before insert or update or delete on shop.stock
  for each row execute function shop.guard_stock();
create trigger stock_no_truncate before truncate on shop.stock
  for each statement execute function shop.guard_stock();
comment on function shop.guard_stock is 'On hand equals the ledger and reserved equals the reservations, also for the owner.';

create function shop.post_movement() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update shop.stock set on_hand = on_hand + new.quantity where variant_id = new.variant_id;
  return null;
end;
$$;
create trigger stock_movements_post after insert on shop.stock_movements
  for each row execute function shop.post_movement();
comment on function shop.post_movement is 'Adds a movement to what is on hand.';

call shop.protect('shop.stock', 'shop.stock_movements');
grant select (variant_id, available) on shop.stock to anon, customer;
grant select on shop.stock, shop.stock_movements to staff;
grant insert (variant_id, quantity, reason) on shop.stock_movements to staff;
create policy stock_select_all on shop.stock for select to anon, customer using (true);
create policy stock_movements_select_staff on shop.stock_movements for select to staff using (true);
create policy stock_movements_insert_staff on shop.stock_movements for insert to staff
  with check (reason in ('delivery', 'correction'));
