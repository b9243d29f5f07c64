-- Guests: who shops without an account is a customer without an address, whose orders keep the one that they gave.
-- depends: 0014.profiles

alter table auth.accounts
  add column heir_id uuid,
  -- The column is new and empty.
  -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
  add constraint accounts_heir_id_fkey foreign key (heir_id) references auth.accounts (id) on delete set null,
  -- squawk-ignore constraint-missing-not-valid
  add constraint accounts_heir_is_another check (heir_id <> id);
-- squawk-ignore require-concurrent-index-creation
create index accounts_heir_id_idx on auth.accounts (heir_id) where heir_id is not null;
comment on column auth.accounts.heir_id is 'Of a guest: the account that they registered, which gets the cart at its first sign-in.';

-- Stricter than mail itself: it becomes a header, typed by somebody whom nobody knows.
create function shop.is_address(value text) returns boolean
language sql immutable
return value ~ '^[^@\s"(),:;<>\[\]\\[:cntrl:]]+@[^@\s"(),:;<>\[\]\\[:cntrl:]]+\.[^@\s"(),:;<>\[\]\\[:cntrl:]]+$'
  and length(value) <= 254 and value = lower(value);
comment on function shop.is_address is 'Whether a text is one plain mail address in lower case.';
grant execute on function shop.is_address to customer;

alter table shop.orders
  add column guest_email text,
  -- squawk-ignore constraint-missing-not-valid
  add constraint orders_guest_email_is_an_address check (shop.is_address(guest_email));
-- squawk-ignore require-concurrent-index-creation
create index orders_guest_email_idx on shop.orders (guest_email) where guest_email is not null;
comment on column shop.orders.guest_email is 'Where a guest wanted the mails to go; it stays when an account claims the order.';

alter table shop.settings
  add column guest_days integer not null default 30,
  -- squawk-ignore constraint-missing-not-valid
  add constraint settings_guest_days_in_range check (guest_days between 1 and 3650);
comment on column shop.settings.guest_days is 'After how many days a guest without orders is forgotten.';
grant update (guest_days) on shop.settings to admin;

-- squawk-ignore require-concurrent-index-creation
create index customers_guests_idx on shop.customers (created_at) where is_guest;

create function shop.is_guest() returns boolean
language sql stable
return coalesce((select c.is_guest from shop.customers c where c.id = shop.current_user_id()), false);
comment on function shop.is_guest is 'Whether the caller never registered.';
grant execute on function shop.is_guest to customer;

-- A review and a wishlist speak for somebody who comes back.
create policy reviews_insert_registered on shop.reviews as restrictive for insert to customer
  with check (not (select shop.is_guest()));
create policy wishlist_items_insert_registered on shop.wishlist_items as restrictive for insert to customer
  with check (not (select shop.is_guest()));
