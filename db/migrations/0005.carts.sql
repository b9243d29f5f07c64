-- What somebody means to buy, and at which price: list price or the one agreed with this customer.
-- depends: 0004.stock

create table shop.customer_prices (
  customer_id uuid not null,
  variant_id uuid not null,
  price numeric(12, 2) not null,
  actor_id uuid default shop.current_user_id(),
  updated_at timestamptz not null default now(),
  constraint customer_prices_pkey primary key (customer_id, variant_id),
  constraint customer_prices_customer_id_fkey foreign key (customer_id)
    references shop.customers (id) on delete cascade,
  constraint customer_prices_variant_id_fkey foreign key (variant_id)
    references shop.product_variants (id) on delete cascade,
  constraint customer_prices_price_not_negative check (price >= 0)
);
create index customer_prices_variant_id_idx on shop.customer_prices (variant_id);
comment on table shop.customer_prices is 'Prices agreed with one customer; staff set them, and they go before the list price.';

create table shop.carts (
  id uuid not null default gen_random_uuid(),
  customer_id uuid not null,
  -- Counts changes; with the id it names one state of the cart, so that a double click is one order.
  version integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint carts_pkey primary key (id),
  constraint carts_one_per_customer unique (customer_id),
  constraint carts_customer_id_fkey foreign key (customer_id) references shop.customers (id) on delete cascade
);
create trigger carts_touch before update on shop.carts for each row execute function shop.touch();
comment on table shop.carts is 'The one open cart of a customer.';

create function shop.open_cart() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into shop.carts (customer_id) values (new.id);
  return null;
end;
$$;
create trigger customers_open_cart after insert on shop.customers for each row execute function shop.open_cart();
comment on function shop.open_cart is 'Everybody has a cart from the first moment, so that reading it never writes.';

create table shop.cart_items (
  id uuid not null default gen_random_uuid(),
  cart_id uuid not null,
  product_id uuid not null,
  variant_id uuid not null,
  quantity integer not null default 1,
  price_snapshot numeric(12, 2) not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint cart_items_pkey primary key (id),
  -- The variant is never null (a product without variants has its default one), so a line cannot double.
  constraint cart_items_one_line_a_variant unique (cart_id, variant_id),
  constraint cart_items_cart_id_fkey foreign key (cart_id) references shop.carts (id) on delete cascade,
  constraint cart_items_product_id_fkey foreign key (product_id) references shop.products (id) on delete cascade,
  constraint cart_items_variant_id_fkey foreign key (variant_id)
    references shop.product_variants (id) on delete cascade,
  constraint cart_items_quantity_is_positive check (quantity > 0),
  constraint cart_items_quantity_not_too_large check (quantity <= 100000),
  constraint cart_items_price_snapshot_not_negative check (price_snapshot >= 0)
);
create index cart_items_product_id_idx on shop.cart_items (product_id);
create index cart_items_variant_id_idx on shop.cart_items (variant_id);
create trigger cart_items_touch before update on shop.cart_items for each row execute function shop.touch();
comment on table shop.cart_items is 'Lines of a cart, with the price at the time of adding.';

create function shop.count_cart_version() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update shop.carts set version = version + 1
  where id = case tg_op when 'DELETE' then old.cart_id else new.cart_id end;
  return null;
end;
$$;
create trigger cart_items_count_version after insert or update or delete on shop.cart_items
  for each row execute function shop.count_cart_version();
comment on function shop.count_cart_version is 'Every change of a line makes a new version of its cart.';

call shop.protect('shop.customer_prices', 'shop.carts', 'shop.cart_items');
grant select on shop.carts, shop.cart_items to customer;
grant select (customer_id, variant_id, price) on shop.customer_prices to customer;
grant select, insert (customer_id, variant_id, price), update (price), delete on shop.customer_prices to staff;
create policy customer_prices_select_own on shop.customer_prices for select to customer
  using (customer_id = (select shop.current_user_id()));
create policy customer_prices_all_staff on shop.customer_prices to staff using (true) with check (true);
create policy carts_select_own on shop.carts for select to customer
  using (customer_id = (select shop.current_user_id()));
create policy cart_items_select_own on shop.cart_items for select to customer
  using (cart_id = (select c.id from shop.carts c where c.customer_id = (select shop.current_user_id())));
