create function logic.import_variant(product shop.products, fields jsonb, correct_stock boolean) returns text
language plpgsql set search_path = '' as $$
declare
  known shop.product_variants;
  wanted shop.product_variants;
  is_new boolean;
  is_corrected boolean := false;
begin
  select v.* into known from shop.product_variants v where lower(v.sku) = lower(fields ->> 'variant_sku') for no key update;
  is_new := known.id is null;
  if known.is_default then
    raise sqlstate '22023' using message = 'variant_sku is the SKU of a product';
  elsif known.product_id <> product.id then
    raise sqlstate '22023' using message = 'the SKU belongs to a variant of another product';
  end if;
  insert into pg_temp.imported_skus (sku) values ('variant ' || lower(fields ->> 'variant_sku')) on conflict do nothing;
  if not found then
    return 'repeated';
  end if;
  wanted := known;
  wanted.name := coalesce(fields ->> 'variant_name', known.name, fields ->> 'choice', fields ->> 'variant_sku');
  wanted.price_modifier := coalesce(
    (fields ->> 'price_modifier')::numeric, (fields ->> 'variant_price')::numeric - product.price, known.price_modifier, 0
  );
  wanted.is_active := coalesce((fields ->> 'variant_is_active')::boolean, known.is_active, true);
  -- A file has only texts; a number that reads the same stays a number.
  if fields -> 'attributes' is distinct from (select jsonb_object_agg(a.key, a.value) from jsonb_each_text(known.attributes) a) then
    wanted.attributes := coalesce(fields -> 'attributes', known.attributes, '{}');
  end if;
  if is_new then
    insert into shop.product_variants (product_id, name, sku, price_modifier, attributes, is_active, created_at)
    values (
      product.id, wanted.name, fields ->> 'variant_sku', wanted.price_modifier, wanted.attributes, wanted.is_active,
      clock_timestamp()
    )
    returning * into wanted;
  elsif wanted is distinct from known then
    update shop.product_variants v set
      name = wanted.name, price_modifier = wanted.price_modifier, attributes = wanted.attributes,
      is_active = wanted.is_active
    where v.id = known.id;
  end if;
  if fields ? 'stock_quantity' and (is_new or correct_stock) then
    is_corrected := logic.import_stock(product.id, wanted.id, (fields ->> 'stock_quantity')::integer, is_new);
  end if;
  return case when is_new then 'created' when is_corrected or wanted is distinct from known then 'updated' else 'unchanged' end;
end;
$$;
comment on function logic.import_variant is
  'Creates or updates a variant of a product by its SKU, whatever the case. It costs what price_modifier adds, or variant_price.';
