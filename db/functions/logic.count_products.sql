create function logic.count_products(filters jsonb, conditions text, out total bigint, out is_estimate boolean)
language plpgsql set search_path = '' as $$
declare
  most constant integer := 10000;
  plan json;
  share numeric;
begin
  if filters ?| array['name', 'search'] then
    -- Of texts the planner knows too little, but has indexes for them: count, but not for ever.
    execute format('select count(*) from (select from shop.products p where %s limit %s) m', conditions, most + 1) into total;
    is_estimate := total > most;
    if is_estimate then
      share := least(1, 5000 / (select c.reltuples from pg_class c where c.oid = 'shop.products'::regclass)::numeric);
      execute format(
        'select count(*) from shop.products p tablesample system (%s) repeatable (1) where %s', 100 * share, conditions
      ) into total;
      total := greatest(total / share, most + 1);
    end if;
  else
    execute 'explain (format json) select from shop.products p where ' || conditions into plan;
    total := plan -> 0 -> 'Plan' ->> 'Plan Rows';
    is_estimate := total > most;
    if not is_estimate then
      execute 'select count(*) from shop.products p where ' || conditions into total;
    end if;
  end if;
end;
$$;
comment on function logic.count_products is
  'How many products there are under what logic.product_conditions made of the filters: exact up to 10,000, beyond that an estimate, of the planner''s or from a sample. For functions that look under row-level security.';
