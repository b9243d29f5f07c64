-- Who did what with more than a customer's rights: written by triggers where a row changes, and never changed again.
-- It holds ids, amounts and settings, no secrets and nothing that people wrote about themselves: so it outlives them.
-- depends: 0012.notices

create table shop.audit_log (
  id bigint generated always as identity,
  -- No foreign keys: what is told of may be gone.
  actor_id uuid,
  actor_role text not null,
  action text not null,
  object_type text not null,
  object_id text not null,
  request_id text,
  before jsonb,
  after jsonb,
  created_at timestamptz not null default clock_timestamp(),
  constraint audit_log_pkey primary key (id),
  constraint audit_log_action_is_dotted check (action ~ '^[a-z_]+\.[a-z_]+$')
);
create index audit_log_object_id_idx on shop.audit_log (object_id, id);
create index audit_log_actor_id_idx on shop.audit_log (actor_id, id) where actor_id is not null;
create trigger audit_log_append_only before update or delete on shop.audit_log
  for each row execute function shop.refuse_change();
create trigger audit_log_no_truncate before truncate on shop.audit_log
  for each statement execute function shop.refuse_change();
comment on table shop.audit_log is 'Append-only: privileged acts with actor, request and what it was before and after.';

create function shop.audit(
  action text, object_type text, object_id text, before jsonb, after jsonb, actor_id uuid default null
) returns void
language plpgsql security definer set search_path = '' as $$
declare
  -- PostgREST sets the claims; the service sets the same for those who have shown it their token. Whoever has none is
  -- a login of its own: service, worker, or migrator for the command line.
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '');
  -- Of the headers just this one: with the others goes the token. And as the client may choose it, only if it looks
  -- like a machine's: whatever people write must not last here.
  request_id text := substring(
    nullif(current_setting('request.headers', true), '')::json ->> 'x-request-id' from '^[0-9A-Fa-f-]{8,64}$'
  );
begin
  insert into shop.audit_log (actor_id, actor_role, action, object_type, object_id, request_id, before, after)
  values (
    coalesce(audit.actor_id, (claims ->> 'sub')::uuid), coalesce(claims ->> 'role', session_user), audit.action,
    audit.object_type, audit.object_id, request_id, audit.before, audit.after
  );
end;
$$;
comment on function shop.audit is 'Writes one line of the audit log.';

create function shop.audit_row() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  earlier jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  later jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
begin
  perform shop.audit(
    tg_argv[0], split_part(tg_argv[0], '.', 1), coalesce(later, earlier) ->> tg_argv[1],
    (select jsonb_object_agg(c, earlier -> c) from unnest(tg_argv[2:]) c where earlier is not null),
    (select jsonb_object_agg(c, later -> c) from unnest(tg_argv[2:]) c where later is not null)
  );
  return null;
end;
$$;
comment on function shop.audit_row is
  'For triggers: (action, column of the object''s id, columns to tell …). Only what is named is told, so a secret never is.';

create trigger accounts_audit_role after update of role on auth.accounts
  for each row when (old.role <> new.role) execute function shop.audit_row('account.role_changed', 'id', 'role');
create trigger accounts_audit_switch after update of is_active on auth.accounts
  for each row when (old.is_active <> new.is_active)
  execute function shop.audit_row('account.switched', 'id', 'is_active');
create trigger accounts_audit_new_staff after insert on auth.accounts
  for each row when (new.role <> 'customer') execute function shop.audit_row('account.staff_created', 'id', 'role');
create trigger products_audit_price after update of price, compare_price, cost_price on shop.products
  for each row when (
    (old.price, old.compare_price, old.cost_price) is distinct from (new.price, new.compare_price, new.cost_price)
  )
  execute function shop.audit_row('product.price_changed', 'id', 'sku', 'price', 'compare_price', 'cost_price');
create trigger product_variants_audit_price after update of price_modifier on shop.product_variants
  for each row when (old.price_modifier <> new.price_modifier)
  execute function shop.audit_row('variant.price_changed', 'id', 'sku', 'price_modifier');
create trigger customer_prices_audit after insert or update or delete on shop.customer_prices
  for each row execute function shop.audit_row('customer_price.changed', 'customer_id', 'variant_id', 'price');
create trigger stock_movements_audit_correction after insert on shop.stock_movements
  for each row when (new.reason = 'correction')
  execute function shop.audit_row('stock.corrected', 'variant_id', 'quantity', 'reason');
create trigger refunds_audit after insert on shop.refunds
  for each row execute function shop.audit_row('refund.requested', 'id', 'payment_id', 'amount');
create trigger settings_audit after update on shop.settings
  for each row when (old.* is distinct from new.*)
  execute function shop.audit_row('settings.changed', 'is_only_row', 'shop_name', 'currency', 'reservation_minutes');
create trigger shipping_methods_audit after insert or update or delete on shop.shipping_methods for each row
  execute function shop.audit_row('shipping_method.changed', 'id', 'code', 'name', 'price', 'is_default', 'is_active');
create trigger tax_rates_audit after insert or update or delete on shop.tax_rates
  for each row execute function shop.audit_row('tax_rate.changed', 'id', 'name', 'rate', 'is_default');

call shop.protect('shop.audit_log');
grant select on shop.audit_log to staff;
create policy audit_log_select_staff on shop.audit_log for select to staff using (true);
