create function api.take_stock(counts jsonb, counted_at timestamptz default null, note text default '') returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  unknown text;
  held text;
  answer jsonb;
  known constant jsonb := logic.known_result('take_stock', jsonb_build_array(counts, counted_at, note));
begin
  if known is not null then
    return known;
  end if;
  if jsonb_typeof(counts) is distinct from 'array' or jsonb_array_length(counts) not between 1 and 1000 or exists (
    select from jsonb_array_elements(counts) c
    where jsonb_typeof(c.value -> 'sku') is distinct from 'string' or (c.value ->> 'counted' ~ '^[0-9]{1,9}$') is not true
  ) or counted_at > now() or exists (
    select from jsonb_array_elements(counts) c group by lower(c.value ->> 'sku') having count(*) > 1
  ) then
    perform logic.problem(
      422, 'validation_failed', 'counts is a list of up to 1000 {sku, counted}, each SKU once; counted_at is not to come.'
    );
  end if;
  select string_agg(c.value ->> 'sku', ', ') into unknown from jsonb_array_elements(counts) c
  where not exists (select from shop.product_variants v where lower(v.sku) = lower(c.value ->> 'sku'));
  if unknown is not null then
    perform logic.problem(404, 'sku_not_found', 'There are SKUs that no product has.', unknown);
  end if;
  perform from shop.stock s
  where s.variant_id in (
    select v.id from jsonb_array_elements(counts) c join shop.product_variants v on lower(v.sku) = lower(c.value ->> 'sku')
  )
  order by s.variant_id for update;
  -- What was sold or came in since the count is no difference; what another count has found is no movement.
  with counted as (
    select v.sku, s.variant_id, s.on_hand, s.reserved, s.is_backorderable, (c.value ->> 'counted')::integer + coalesce((
      select sum(m.quantity) from shop.stock_movements m
      where m.variant_id = s.variant_id and m.created_at > coalesce(take_stock.counted_at, now()) and m.reason <> 'stock_take'
    ), 0)::integer as true_on_hand
    from jsonb_array_elements(counts) c
    join shop.product_variants v on lower(v.sku) = lower(c.value ->> 'sku') join shop.stock s on s.variant_id = v.id
  ), moved as (
    insert into shop.stock_movements (variant_id, quantity, reason, note)
    select t.variant_id, t.true_on_hand - t.on_hand, 'stock_take', left(coalesce(take_stock.note, ''), 500)
    from counted t
    where t.true_on_hand <> t.on_hand and (t.true_on_hand >= t.reserved or t.is_backorderable) order by t.variant_id
  )
  select string_agg(t.sku, ', ') filter (where t.true_on_hand < t.reserved and not t.is_backorderable),
    jsonb_agg(jsonb_build_object(
      'sku', t.sku, 'difference', t.true_on_hand - t.on_hand, 'on_hand', t.true_on_hand, 'reserved', t.reserved
    ) order by t.sku)
  into held, answer from counted t;
  if held is not null then
    perform logic.problem(409, 'count_below_reserved', 'Orders hold more than was counted; cancel them first.', held);
  end if;
  return logic.keep_result(answer);
end;
$$;
comment on function api.take_stock is $$Take stock
For staff: what was counted of each SKU, also what unpaid orders hold, but not what is paid and put aside. The ledger gets the differences, reason stock_take, all or none. What was sold, delivered or returned after counted_at (now, unless given) is taken into account: count, say when, and go on selling. Arguments: counts, a list of {sku, counted}; counted_at; note. Answers with a list of {sku, difference, on_hand, reserved}. The header Idempotency-Key makes retries safe.
Errors: 404 sku_not_found, 409 count_below_reserved, 422 validation_failed, idempotency_key_reused.$$;
grant execute on function api.take_stock to staff;
