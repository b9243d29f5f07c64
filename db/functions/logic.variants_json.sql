create function logic.variants_json(
  product_id uuid, variant_id uuid default null, size integer default null, skip bigint default 0
) returns json
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(json_agg(json_build_object(
      'id', v.id, 'name', v.name, 'sku', v.sku, 'attributes', v.attributes,
      'price_modifier', logic.money(v.price_modifier), 'price', logic.money(p.price + v.price_modifier),
      'stock_quantity', s.available, 'is_in_stock', s.available > 0 or s.is_backorderable, 'is_backorderable', s.is_backorderable,
      'is_active', v.is_active
    ) order by v.created_at, v.name), '[]')
    from (
      select * from shop.product_variants v
      where v.product_id = variants_json.product_id and not v.is_default
        and (variants_json.variant_id is null or v.id = variants_json.variant_id)
      order by v.created_at, v.name limit size offset skip
    ) v
    join shop.products p on p.id = v.product_id
    join shop.stock s on s.variant_id = v.id
  );
end;
$$;
comment on function logic.variants_json is
  'The variants of a product, or one of them: to customers the active ones, to staff all.';
grant execute on function logic.variants_json to anon, customer;
