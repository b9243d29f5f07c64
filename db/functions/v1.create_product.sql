create function v1.create_product(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body(
    $1, logic.product_fields() || '{"name": "text!", "price": "money!", "sku": "text!"}'
  );
  made uuid;
begin
  insert into shop.products (
    name, slug, description, category_id, brand, price, compare_price, cost_price, sku, is_featured, is_active, barcode,
    weight, length, width, height, meta_title, meta_description, low_stock_threshold
  )
  values (
    given ->> 'name', coalesce(given ->> 'slug', logic.slug(given ->> 'name')), coalesce(given ->> 'description', ''),
    coalesce(given ->> 'category_id', given ->> 'category')::uuid, coalesce(given ->> 'brand', ''),
    (given ->> 'price')::numeric, (given ->> 'compare_price')::numeric, (given ->> 'cost_price')::numeric,
    given ->> 'sku', coalesce((given ->> 'is_featured')::boolean, false), coalesce((given ->> 'is_active')::boolean, true),
    given ->> 'barcode', (given ->> 'weight')::numeric, (given ->> 'length')::numeric, (given ->> 'width')::numeric,
    (given ->> 'height')::numeric, coalesce(given ->> 'meta_title', ''), coalesce(given ->> 'meta_description', ''),
    coalesce((given ->> 'low_stock_threshold')::integer, 5)
  )
  returning id into made;
  perform logic.set_stock(v.id, (given ->> 'stock_quantity')::integer, 'delivery')
  from shop.product_variants v where v.product_id = made and v.is_default;
  perform set_config('response.status', '201', true);
  return logic.staff_product_json(made);
end;
$$;
comment on function v1.create_product is $$Add a product
For staff. Fields: name, price, sku; slug (made from the name), description, category_id, brand, compare_price, cost_price, stock_quantity, is_featured, is_active, barcode, weight (kg), length, width, height (cm), meta_title, meta_description, low_stock_threshold (5). Errors: 409 when slug or SKU is taken, 422 validation_failed.$$;
grant execute on function v1.create_product to staff;
