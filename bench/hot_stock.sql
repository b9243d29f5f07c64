-- One product that everybody wants, sold in three ways; each does the same for an order and differs in when and what it locks.
drop schema if exists hot cascade;
create schema hot;
create table hot.stock (
  id integer primary key, on_hand integer not null, reserved integer not null default 0,
  constraint stock_is_sufficient check (reserved between 0 and on_hand)
) with (fillfactor = 50);
create table hot.buckets (
  stock_id integer not null, bucket integer not null, available integer not null check (available >= 0),
  primary key (stock_id, bucket)
) with (fillfactor = 50);
create table hot.orders (id bigint generated always as identity primary key, way text not null, total numeric(12, 2) not null);
create table hot.items (order_id bigint not null references hot.orders, stock_id integer not null, quantity integer not null);
create table hot.reservations (order_id bigint primary key references hot.orders, stock_id integer not null, quantity integer not null);
create table hot.history (order_id bigint not null references hot.orders, status text not null, at timestamptz not null default now());

create function hot.place(way text) returns void language sql as $$
  with placed as (insert into hot.orders (way, total) values (way, 10) returning id),
    items as (insert into hot.items select id, 1, 1 from placed),
    history as (insert into hot.history (order_id, status) select id, 'pending' from placed)
  insert into hot.reservations select id, 1, 1 from placed;
$$;
-- The naive way: lock, look, write.
create function hot.lock_first() returns boolean language plpgsql as $$
begin
  perform from hot.stock where id = 1 for update;
  if not exists (select from hot.stock where id = 1 and on_hand - reserved >= 1) then
    return false;
  end if;
  perform hot.place('lock_first');
  update hot.stock set reserved = reserved + 1 where id = 1;
  return true;
end;
$$;
-- As api.checkout does.
create function hot.lock_last() returns boolean language plpgsql as $$
begin
  perform hot.place('lock_last');
  update hot.stock set reserved = reserved + 1 where id = 1 and on_hand - reserved >= 1;
  if not found then
    raise exception 'sold out';
  end if;
  return true;
exception when raise_exception then
  return false;
end;
$$;
create function hot.buckets() returns boolean language plpgsql as $$
declare
  taken integer;
begin
  -- Any bucket that nobody holds, from a place of chance on; only when there is none it waits, for one that has some.
  select b.bucket into taken from hot.buckets b
  where b.stock_id = 1 and b.available >= 1 and b.bucket >= floor(random() * 64)
  limit 1 for no key update skip locked;
  if taken is null then
    select b.bucket into taken from hot.buckets b
    where b.stock_id = 1 and b.available >= 1 limit 1 for no key update skip locked;
  end if;
  while taken is null loop
    select b.bucket into taken from hot.buckets b where b.stock_id = 1 and b.available >= 1 limit 1 for no key update;
    -- The one it waited for may be empty now, and another not: only when all are empty it is sold out.
    exit when taken is null and not exists (select from hot.buckets b where b.stock_id = 1 and b.available >= 1);
  end loop;
  if taken is null then
    return false;
  end if;
  update hot.buckets set available = available - 1 where stock_id = 1 and bucket = taken;
  perform hot.place('buckets');
  return true;
end;
$$;
create function hot.fill(units integer) returns void language plpgsql as $$
begin
  truncate hot.stock, hot.buckets, hot.orders, hot.items, hot.reservations, hot.history;
  insert into hot.stock values (1, units);
  insert into hot.buckets select 1, b, units / 64 + (b < units % 64)::integer from generate_series(0, 63) b;
end;
$$;
