create function v1.create_product(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{
    "name": "text!", "slug": "text", "description": "text", "category_id": "uuid", "category": "uuid", "brand": "text",
    "price": "money!", "compare_price": "money", "cost_price": "money", "sku": "text!", "stock_quantity": "integer",
    "is_featured": "boolean", "is_active": "boolean"
  }');
  made shop.products;
begin
  if (given ->> 'stock_quantity')::integer < 0 then
    perform logic.problem(
      422, 'validation_failed', 'Some fields are missing or wrong.', '{"stock_quantity": ["Must not be negative."]}'
    );
  end if;
  insert into shop.products (
    name, slug, description, category_id, brand, price, compare_price, cost_price, sku, is_featured, is_active
  )
  values (
    given ->> 'name', coalesce(given ->> 'slug', logic.slug(given ->> 'name')), coalesce(given ->> 'description', ''),
    coalesce(given ->> 'category_id', given ->> 'category')::uuid, coalesce(given ->> 'brand', ''),
    (given ->> 'price')::numeric, (given ->> 'compare_price')::numeric, (given ->> 'cost_price')::numeric,
    given ->> 'sku', coalesce((given ->> 'is_featured')::boolean, false), coalesce((given ->> 'is_active')::boolean, true)
  )
  returning * into made;
  if (given ->> 'stock_quantity')::integer > 0 then
    insert into shop.stock_movements (variant_id, quantity, reason)
    select v.id, (given ->> 'stock_quantity')::integer, 'delivery'
    from shop.product_variants v where v.product_id = made.id and v.is_default;
  end if;
  perform set_config('response.status', '201', true);
  return json_build_object(
    'id', made.id, 'name', made.name, 'slug', made.slug, 'description', made.description, 'sku', made.sku,
    'brand', made.brand, 'category_id', made.category_id, 'price', logic.money(made.price),
    'compare_price', logic.money(made.compare_price), 'cost_price', logic.money(made.cost_price),
    'stock_quantity', coalesce((given ->> 'stock_quantity')::integer, 0), 'is_featured', made.is_featured,
    'is_active', made.is_active, 'created_at', made.created_at
  );
end;
$$;
comment on function v1.create_product is $$Add a product
For staff. Fields: name, price, sku; slug (made from the name), description, category_id, brand, compare_price, cost_price, stock_quantity, is_featured, is_active. Errors: 409 when slug or SKU is taken, 422 validation_failed.$$;
grant execute on function v1.create_product to staff;
