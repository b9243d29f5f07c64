-- Orders that leave in several parcels, are cancelled in part, and are talked about; and who moved an order.
-- depends: 0026.any-act-once

create function shop.actor() returns text
language sql stable
return coalesce(replace(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role', 'admin', 'staff'), 'system');
comment on function shop.actor is 'As what somebody acts: customer, staff, integration, or system when nobody in person does.';
grant execute on function shop.actor to customer;
-- What happened before is not known any more.
alter table shop.order_status_history add column actor text;
alter table shop.order_status_history alter column actor set default shop.actor();

alter table shop.order_items
  add column shipped_quantity integer not null default 0,
  add column cancelled_quantity integer not null default 0,
  -- squawk-ignore constraint-missing-not-valid
  add constraint order_items_ship_what_is_not_cancelled check (
    shipped_quantity >= 0 and shipped_quantity + cancelled_quantity <= quantity
  ),
  -- What never left counts as come back, too.
  -- squawk-ignore constraint-missing-not-valid
  add constraint order_items_returned_include_cancelled check (cancelled_quantity between 0 and returned_quantity);

create table shop.shipments (
  id uuid not null default gen_random_uuid(),
  order_id uuid not null,
  carrier text,
  tracking_number text,
  actor_id uuid default shop.current_user_id(),
  shipped_at timestamptz not null default now(),
  constraint shipments_pkey primary key (id),
  constraint shipments_order_id_fkey foreign key (order_id) references shop.orders (id) on delete restrict,
  constraint shipments_carrier_length check (length(carrier) <= 100),
  constraint shipments_tracking_number_length check (length(tracking_number) <= 100)
);
create index shipments_order_id_idx on shop.shipments (order_id, shipped_at);
comment on table shop.shipments is 'Parcels of an order.';

create table shop.shipment_items (
  shipment_id uuid not null,
  order_item_id uuid not null,
  quantity integer not null,
  constraint shipment_items_pkey primary key (shipment_id, order_item_id),
  constraint shipment_items_shipment_id_fkey foreign key (shipment_id) references shop.shipments (id) on delete restrict,
  constraint shipment_items_order_item_id_fkey foreign key (order_item_id)
    references shop.order_items (id) on delete restrict,
  constraint shipment_items_quantity_is_positive check (quantity > 0)
);
create index shipment_items_order_item_id_idx on shop.shipment_items (order_item_id);
comment on table shop.shipment_items is 'Append-only: how many of a line went into a parcel.';

create function shop.count_shipped() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update shop.order_items i set shipped_quantity = i.shipped_quantity + new.quantity
  where i.id = new.order_item_id
    and i.order_id = (select s.order_id from shop.shipments s where s.id = new.shipment_id);
  if not found then
    raise sqlstate '23514' using
      message = 'a parcel holds lines of its own order', constraint = 'shipment_items_are_of_the_order';
  end if;
  return null;
end;
$$;
comment on function shop.count_shipped is 'A line knows how many of it are on their way; its constraint says that no more leave than were sold.';
create trigger shipment_items_count after insert on shop.shipment_items for each row execute function shop.count_shipped();
-- What has left already left in one parcel.
insert into shop.shipments (order_id, carrier, tracking_number, actor_id, shipped_at)
select o.id, o.carrier, o.tracking_number, null, o.shipped_at from shop.orders o where o.shipped_at is not null;
insert into shop.shipment_items (shipment_id, order_item_id, quantity)
select s.id, i.id, i.quantity from shop.shipments s join shop.order_items i on i.order_id = s.order_id;
create trigger shipment_items_append_only before update or delete on shop.shipment_items
  for each row execute function shop.refuse_change();
create trigger shipment_items_no_truncate before truncate on shop.shipment_items
  for each statement execute function shop.refuse_change();

create table shop.order_notes (
  id uuid not null default gen_random_uuid(),
  order_id uuid not null,
  text text not null,
  -- From staff to staff.
  is_private boolean not null default false,
  author text not null default shop.actor(),
  created_at timestamptz not null default now(),
  constraint order_notes_pkey primary key (id),
  constraint order_notes_order_id_fkey foreign key (order_id) references shop.orders (id) on delete restrict,
  constraint order_notes_text_length check (length(btrim(text)) between 1 and 2000),
  constraint order_notes_private_ones_are_staffs check (author = 'staff' or not is_private)
);
create index order_notes_order_id_idx on shop.order_notes (order_id, created_at);
comment on table shop.order_notes is 'What customer and staff say about an order.';

call shop.protect('shop.shipments', 'shop.shipment_items', 'shop.order_notes');
grant select on shop.shipments, shop.shipment_items, shop.order_notes to customer;
grant insert (order_id, text, is_private) on shop.order_notes to customer;
create policy shipments_select_own on shop.shipments for select to customer
  using ((select o.customer_id from shop.orders o where o.id = order_id) = (select shop.current_user_id()));
create policy shipments_select_staff on shop.shipments for select to staff using (true);
create policy shipment_items_select_own on shop.shipment_items for select to customer using (
  (select o.customer_id from shop.shipments s join shop.orders o on o.id = s.order_id where s.id = shipment_id)
    = (select shop.current_user_id())
);
create policy shipment_items_select_staff on shop.shipment_items for select to staff using (true);
create policy order_notes_select_own on shop.order_notes for select to customer using (
  not is_private and (select o.customer_id from shop.orders o where o.id = order_id) = (select shop.current_user_id())
);
create policy order_notes_select_staff on shop.order_notes for select to staff using (true);
create policy order_notes_insert_own on shop.order_notes for insert to customer with check (
  (select o.customer_id from shop.orders o where o.id = order_id) = (select shop.current_user_id())
);
create policy order_notes_insert_staff on shop.order_notes for insert to staff
  with check (exists (select from shop.orders o where o.id = order_id));
