-- People and their secrets: who they are is in shop.customers, how they prove it in schema auth. One id for both.
-- depends: 0001.schemas-and-rules

create table shop.customers (
  id uuid not null default gen_random_uuid(),
  email text,
  first_name text not null default '',
  last_name text not null default '',
  phone_number text not null default '',
  date_of_birth date,
  is_guest boolean not null default false,
  is_email_verified boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint customers_pkey primary key (id),
  constraint customers_email_key unique (email),
  constraint customers_email_is_an_address check (email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' and length(email) <= 254),
  constraint customers_email_is_lower_case check (email = lower(email)),
  constraint customers_has_an_email_unless_guest check (is_guest or email is not null),
  constraint customers_names_not_too_long check (length(first_name) <= 150 and length(last_name) <= 150),
  constraint customers_names_are_one_line check (first_name !~ '[[:cntrl:]]' and last_name !~ '[[:cntrl:]]'),
  constraint customers_phone_number_is_a_number check (phone_number ~ '^[+0-9 ()./-]{0,20}$'),
  constraint customers_date_of_birth_in_the_past check (date_of_birth between '1900-01-01' and created_at::date)
);
create index customers_created_at_idx on shop.customers (created_at);
create trigger customers_touch before update on shop.customers for each row execute function shop.touch();
comment on table shop.customers is 'Everybody with an account: customers, guests, staff.';

create table auth.accounts (
  id uuid not null,
  role text not null default 'customer',
  password_hash text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint accounts_pkey primary key (id),
  constraint accounts_id_fkey foreign key (id) references shop.customers (id) on delete cascade,
  constraint accounts_role_is_known check (role in ('customer', 'staff', 'admin')),
  constraint accounts_password_is_hashed check (password_hash ~ '^(\$argon2id\$|pbkdf2_sha256\$)')
);
create trigger accounts_touch before update on auth.accounts for each row execute function shop.touch();
comment on table auth.accounts is 'How a customer signs in, and as which role.';

create table auth.sessions (
  id uuid not null default gen_random_uuid(),
  account_id uuid not null,
  -- Which refresh token of the family is the current one. The tokens themselves are never stored: the service makes
  -- each from session, counter and a key that the database does not know.
  counter integer not null default 0,
  device text not null default '',
  address inet,
  created_at timestamptz not null default now(),
  rotated_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  end_reason text,
  constraint sessions_pkey primary key (id),
  constraint sessions_account_id_fkey foreign key (account_id) references auth.accounts (id) on delete cascade,
  constraint sessions_counter_not_negative check (counter >= 0),
  constraint sessions_device_not_too_long check (length(device) <= 300)
);
create index sessions_account_id_idx on auth.sessions (account_id);
create index sessions_expires_at_idx on auth.sessions (expires_at);
comment on table auth.sessions is 'One row a login: the family of its refresh tokens. An ended session ends its access tokens too.';

create table auth.one_time_tokens (
  token_hash bytea not null,
  account_id uuid not null,
  purpose text not null,
  email text not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint one_time_tokens_pkey primary key (token_hash),
  constraint one_time_tokens_account_id_fkey foreign key (account_id) references auth.accounts (id) on delete cascade,
  constraint one_time_tokens_purpose_is_known check (purpose in ('verify_email')),
  constraint one_time_tokens_hash_is_sha256 check (length(token_hash) = 32)
);
create index one_time_tokens_account_id_idx on auth.one_time_tokens (account_id);
create index one_time_tokens_expires_at_idx on auth.one_time_tokens (expires_at);
comment on table auth.one_time_tokens is 'Links in mails: bound to a purpose and an address, usable once.';

create table auth.throttles (
  bucket text not null,
  attempts integer not null,
  window_ends_at timestamptz not null,
  constraint throttles_pkey primary key (bucket)
);
create index throttles_window_ends_at_idx on auth.throttles (window_ends_at);
comment on table auth.throttles is 'How often something was tried; in Postgres, so that a restart forgives nobody.';

create table shop.addresses (
  id uuid not null default gen_random_uuid(),
  customer_id uuid not null default shop.current_user_id(),
  address_line1 text not null,
  address_line2 text not null default '',
  city text not null,
  state text not null default '',
  postal_code text not null,
  country text not null,
  address_type text not null default 'shipping',
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint addresses_pkey primary key (id),
  constraint addresses_customer_id_fkey foreign key (customer_id) references shop.customers (id) on delete cascade,
  constraint addresses_line1_length check (length(btrim(address_line1)) between 1 and 255),
  constraint addresses_line2_length check (length(address_line2) <= 255),
  constraint addresses_city_length check (length(btrim(city)) between 1 and 100),
  constraint addresses_state_length check (length(state) <= 100),
  constraint addresses_postal_code_length check (length(btrim(postal_code)) between 1 and 20),
  constraint addresses_country_length check (length(btrim(country)) between 1 and 100),
  constraint addresses_type_is_known check (address_type in ('billing', 'shipping'))
);
create index addresses_customer_id_idx on shop.addresses (customer_id, created_at);
create unique index addresses_one_default_of_a_type on shop.addresses (customer_id, address_type) where is_default;
create trigger addresses_touch before update on shop.addresses for each row execute function shop.touch();
comment on table shop.addresses is 'Where a customer''s orders go and are billed to.';

create function shop.keep_one_default_address() returns trigger
language plpgsql set search_path = '' as $$
begin
  update shop.addresses other set is_default = false
  where other.customer_id = new.customer_id and other.address_type = new.address_type
    and other.is_default and other.id <> new.id;
  return new;
end;
$$;
create trigger addresses_keep_one_default before insert or update of is_default, address_type on shop.addresses
  for each row when (new.is_default) execute function shop.keep_one_default_address();
comment on function shop.keep_one_default_address is 'A new default takes the place of the old one.';

call shop.protect(
  'shop.customers', 'auth.accounts', 'auth.sessions', 'auth.one_time_tokens', 'auth.throttles', 'shop.addresses'
);

grant select on shop.customers to customer;
grant update (first_name, last_name, phone_number, date_of_birth) on shop.customers to customer;
create policy customers_select_own on shop.customers for select to customer
  using (id = (select shop.current_user_id()));
create policy customers_update_own on shop.customers for update to customer
  using (id = (select shop.current_user_id())) with check (id = (select shop.current_user_id()));
create policy customers_select_staff on shop.customers for select to staff using (true);

grant select, delete on shop.addresses to customer;
grant insert (address_line1, address_line2, city, state, postal_code, country, address_type, is_default),
  update (address_line1, address_line2, city, state, postal_code, country, address_type, is_default)
  on shop.addresses to customer;
create policy addresses_all_own on shop.addresses to customer
  using (customer_id = (select shop.current_user_id())) with check (customer_id = (select shop.current_user_id()));
