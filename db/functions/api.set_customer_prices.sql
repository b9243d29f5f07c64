create function api.set_customer_prices(customer_id uuid, prices jsonb) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  unknown text;
  changed integer;
begin
  if jsonb_typeof(prices) is distinct from 'object' or exists (
    select from jsonb_each_text(prices) e where (e.value ~ '^[0-9]{1,9}(\.[0-9]{1,2})?$') is not true
  ) then
    perform logic.problem(422, 'validation_failed', 'prices is an object of SKU and price, such as {"85123A": 2.55}.');
  end if;
  if not exists (select from shop.customers c where c.id = set_customer_prices.customer_id) then
    perform logic.problem(404, 'customer_not_found', 'There is no such customer.');
  end if;
  select string_agg(e.key, ', ') into unknown from jsonb_each_text(prices) e
  where not exists (select from shop.product_variants v where lower(v.sku) = lower(e.key));
  if unknown is not null then
    perform logic.problem(404, 'sku_not_found', 'There are SKUs that no product has.', unknown);
  end if;
  insert into shop.customer_prices as a (customer_id, variant_id, price)
  select distinct on (v.id) set_customer_prices.customer_id, v.id, e.value::numeric
  from jsonb_each_text(prices) e join shop.product_variants v on lower(v.sku) = lower(e.key)
  order by v.id, e.key
  on conflict on constraint customer_prices_pkey do update
    set price = excluded.price, actor_id = excluded.actor_id, updated_at = now()
    where a.price <> excluded.price;
  get diagnostics changed = row_count;
  return changed;
end;
$$;
comment on function api.set_customer_prices is $$Agree prices with a customer
For staff: they go before the list price in this customer's cart. Arguments: customer_id, prices as an object of SKU and price. Returns how many are new or changed.
Errors: 404 customer_not_found, sku_not_found, 422 validation_failed.$$;
grant execute on function api.set_customer_prices to staff;
