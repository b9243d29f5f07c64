create function logic.low_stock() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    with low as (
      select p.name, case when not v.is_default then v.name end as variant_name, v.sku, s.available,
        p.low_stock_threshold as threshold
      from shop.stock s
      join shop.product_variants v on v.id = s.variant_id
      join shop.products p on p.id = v.product_id
      where p.is_active and v.is_active and s.available <= p.low_stock_threshold
    )
    select jsonb_build_object(
      'count', (select count(*) from low),
      'lines', (select jsonb_agg(to_jsonb(l)) from (select * from low order by available, name, sku limit 200) l)
    )
  );
end;
$$;
comment on function logic.low_stock is 'What is sold and of which there are as few as its product calls low, or fewer: how many variants, and the 200 with the fewest left.';
