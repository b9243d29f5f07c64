-- API keys, with which other programs come: each has scopes, which the policies of role `integration` ask for.
-- The role exists already (db/bootstrap.py) and sees what visitors see. Rows only: what a scope lets a program do is
-- a policy beside those of customers and staff, and no second system of permissions.
-- depends: 0016.mail-flows

create table auth.api_keys (
  id uuid not null default gen_random_uuid(),
  name text not null,
  prefix text not null,
  key_hash bytea not null,
  scopes text[] not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint api_keys_pkey primary key (id),
  constraint api_keys_key_hash_key unique (key_hash),
  constraint api_keys_created_by_fkey foreign key (created_by) references auth.accounts (id) on delete set null,
  constraint api_keys_hash_is_sha256 check (length(key_hash) = 32),
  constraint api_keys_name_is_one_line check (length(btrim(name)) between 1 and 100 and name !~ '[[:cntrl:]]'),
  constraint api_keys_scopes_are_known
    check (scopes <@ array['read_catalogue', 'manage_stock', 'read_orders'] and cardinality(scopes) > 0),
  constraint api_keys_expire_within_a_year check (expires_at > created_at and expires_at <= created_at + interval '366 days')
);
create index api_keys_created_by_idx on auth.api_keys (created_by);
comment on table auth.api_keys is 'Keys of other programs. Of the key itself only the SHA-256 is here, and a few characters to know it by.';

create trigger api_keys_audit_new after insert on auth.api_keys
  for each row execute function shop.audit_row('api_key.created', 'id', 'prefix', 'scopes', 'expires_at');
create trigger api_keys_audit_revocation after update of revoked_at on auth.api_keys
  for each row when (old.revoked_at is distinct from new.revoked_at)
  execute function shop.audit_row('api_key.revoked', 'id', 'prefix', 'scopes', 'revoked_at');

create function shop.has_scope(scope text) returns boolean
language sql stable
return coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'scopes' ? scope, false);
comment on function shop.has_scope is 'Whether the caller''s token has a scope; only the tokens of API keys have any.';
grant execute on function shop.has_scope to integration;

call shop.protect('auth.api_keys');

-- What is not sold now, too, as staff sees it; cost prices stay with staff, whose columns they are.
create policy categories_select_integration on shop.categories for select to integration
  using ((select shop.has_scope('read_catalogue')));
create policy products_select_integration on shop.products for select to integration
  using ((select shop.has_scope('read_catalogue')));
create policy product_variants_select_integration on shop.product_variants for select to integration
  using ((select shop.has_scope('read_catalogue')));
create policy product_images_select_integration on shop.product_images for select to integration
  using ((select shop.has_scope('read_catalogue')));

grant select, insert (variant_id, quantity, reason) on shop.stock_movements to integration;
create policy stock_movements_select_integration on shop.stock_movements for select to integration
  using ((select shop.has_scope('manage_stock')));
create policy stock_movements_insert_integration on shop.stock_movements for insert to integration
  with check (reason in ('delivery', 'correction') and (select shop.has_scope('manage_stock')));

grant select on shop.orders, shop.order_items, shop.order_status_history to integration;
create policy orders_select_integration on shop.orders for select to integration
  using ((select shop.has_scope('read_orders')));
create policy order_items_select_integration on shop.order_items for select to integration
  using ((select shop.has_scope('read_orders')));
create policy order_status_history_select_integration on shop.order_status_history for select to integration
  using ((select shop.has_scope('read_orders')));
