-- What every later migration leans on: who the caller is, how a table is protected, the shop's own settings.
-- Roles, schemas and extensions exist already (db/bootstrap.py).

comment on schema shop is 'The shop''s data. Callers reach it through the views and functions of api and v1.';
comment on schema auth is 'Secrets of accounts: for the service and the workers alone, and only through functions.';

alter default privileges revoke execute on functions from public;

grant usage on schema shop to anon, customer;

create function shop.current_user_id() returns uuid
language sql stable
return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;
comment on function shop.current_user_id is 'The account that PostgREST has authenticated, null for anonymous callers.';
grant execute on function shop.current_user_id to anon, customer;

create procedure shop.protect(variadic tables regclass[])
language plpgsql set search_path = '' as $$
declare
  relation regclass;
begin
  foreach relation in array tables loop
    execute format('alter table %s enable row level security, force row level security', relation);
    execute format(
      'create policy %I on %s to owner using (true) with check (true)',
      (select relname from pg_catalog.pg_class where oid = relation) || '_all_owner', relation
    );
  end loop;
end;
$$;
comment on procedure shop.protect is
  'Migrations call this for each new table: row-level security on and forced, and the owner let through.';

create function shop.touch() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end;
$$;
comment on function shop.touch is 'Keeps updated_at.';

create function shop.refuse_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise sqlstate '23514' using
    message = format('%s is append-only', tg_table_name), constraint = tg_table_name || '_append_only';
end;
$$;
comment on function shop.refuse_change is 'For append-only tables: nobody, not even the owner, changes what was written.';

create table shop.settings (
  is_only_row boolean not null default true,
  shop_name text not null default 'pgshop',
  currency text not null default 'GBP',
  reservation_minutes integer not null default 30,
  constraint settings_pkey primary key (is_only_row),
  constraint settings_is_one_row check (is_only_row),
  constraint settings_currency_is_iso_code check (currency ~ '^[A-Z]{3}$'),
  constraint settings_reservation_minutes_in_range check (reservation_minutes between 1 and 1440)
);
comment on table shop.settings is 'What holds for the whole shop. One row.';
comment on column shop.settings.is_only_row is 'Always true: the key of the only row.';
comment on column shop.settings.shop_name is 'The name that customers read.';
comment on column shop.settings.currency is 'ISO 4217 code of every price.';
comment on column shop.settings.reservation_minutes is 'How long an unpaid order holds its stock, in minutes.';
call shop.protect('shop.settings');
insert into shop.settings default values;
grant select on shop.settings to anon, customer;
grant update (shop_name, reservation_minutes) on shop.settings to admin;
create policy settings_select_all on shop.settings for select to anon, customer using (true);
create policy settings_update_admin on shop.settings for update to admin using (true) with check (true);
