create function v1.update_variant(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{
    "name": "text", "sku": "text", "price_modifier": "money", "attributes": "object", "stock_quantity": "integer",
    "is_active": "boolean", "is_backorderable": "boolean"
  }', logic.variants_json(logic.path_product(), logic.path_id())::jsonb -> 0);
  product uuid := logic.path_product();
  changed uuid := (
    select v.id from shop.product_variants v where v.id = logic.path_id() and v.product_id = product and not v.is_default
  );
begin
  if changed is null then
    perform logic.problem(404, 'variant_not_found', 'There is no such variant.');
  end if;
  -- Stock before product, which a modifier may lock, as whatever sells out does: they wait for each other, and never in a ring.
  perform logic.set_stock(changed, (given ->> 'stock_quantity')::integer, 'correction', (given ->> 'is_backorderable')::boolean);
  update shop.product_variants v set
    name = coalesce(given ->> 'name', v.name),
    sku = coalesce(given ->> 'sku', v.sku),
    price_modifier = coalesce((given ->> 'price_modifier')::numeric, v.price_modifier),
    attributes = coalesce(nullif(given -> 'attributes', 'null'), v.attributes),
    is_active = coalesce((given ->> 'is_active')::boolean, v.is_active)
  where v.id = changed;
  return logic.variants_json(product, changed) -> 0;
end;
$$;
comment on function v1.update_variant is $$Change a variant
For staff. Fields as for a new one; what is left out stays, attributes are replaced as a whole, stock_quantity is what can be sold and is booked as a correction. Errors: 404 product_not_found, variant_not_found, 409 when the SKU is taken, 422 validation_failed.$$;
grant execute on function v1.update_variant to staff;
