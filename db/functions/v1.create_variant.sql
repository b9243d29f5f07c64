create function v1.create_variant(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{
    "name": "text!", "sku": "text!", "price_modifier": "money", "attributes": "object", "stock_quantity": "integer",
    "is_active": "boolean", "is_backorderable": "boolean"
  }');
  product uuid := logic.path_product();
  made uuid;
begin
  insert into shop.product_variants (product_id, name, sku, price_modifier, attributes, is_active)
  values (
    product, given ->> 'name', given ->> 'sku', coalesce((given ->> 'price_modifier')::numeric, 0),
    coalesce(nullif(given -> 'attributes', 'null'), '{}'), coalesce((given ->> 'is_active')::boolean, true)
  )
  returning id into made;
  perform logic.set_stock(made, (given ->> 'stock_quantity')::integer, 'delivery', (given ->> 'is_backorderable')::boolean);
  perform set_config('response.status', '201', true);
  return logic.variants_json(product, made) -> 0;
end;
$$;
comment on function v1.create_variant is $$Add a variant
For staff. Fields: name, sku; price_modifier, attributes such as {"size": "S", "colour": "red"}, stock_quantity, is_backorderable (more may be ordered than is there), is_active. Errors: 404 product_not_found, 409 when the SKU is taken, 422 validation_failed.$$;
grant execute on function v1.create_variant to staff;
