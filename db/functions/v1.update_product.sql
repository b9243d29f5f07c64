create function v1.update_product(json) returns json
language plpgsql set search_path = '' as $$
declare
  product uuid := logic.path_product();
  given jsonb := logic.check_body(
    $1, logic.product_fields(),
    logic.staff_product_json(product)::jsonb || v1.get_product(logic.header('x-path-slug'))::jsonb
  );
  stocked uuid := (select v.id from shop.product_variants v where v.product_id = product and v.is_default and v.is_active);
  wanted shop.products;
begin
  if given ->> 'stock_quantity' is not null and stocked is null then
    perform logic.problem(
      422, 'validation_failed', 'Some fields are missing or wrong.',
      '{"stock_quantity": ["This product is sold in variants, which have the stock."]}'
    );
  end if;
  -- Stock before product, as whatever sells out does: they wait for each other, and never in a ring.
  perform logic.set_stock(stocked, (given ->> 'stock_quantity')::integer, 'correction');
  select p.* into wanted from shop.products p where p.id = product for no key update;
  if given ? 'category' then
    given := given || jsonb_build_object('category_id', given -> 'category');
  end if;
  -- What is not named stays, and what is null is taken away.
  wanted := jsonb_populate_record(wanted, given - 'category' - 'stock_quantity');
  update shop.products p set
    name = wanted.name, slug = wanted.slug, description = wanted.description, category_id = wanted.category_id,
    brand = wanted.brand, price = wanted.price, compare_price = wanted.compare_price, cost_price = wanted.cost_price,
    sku = wanted.sku, is_featured = wanted.is_featured, is_active = wanted.is_active, barcode = wanted.barcode,
    weight = wanted.weight, length = wanted.length, width = wanted.width, height = wanted.height,
    meta_title = wanted.meta_title, meta_description = wanted.meta_description,
    low_stock_threshold = wanted.low_stock_threshold
  where p.id = product;
  return logic.staff_product_json(product);
end;
$$;
comment on function v1.update_product is $$Change a product
For staff. Fields as for a new one; what is left out stays, null takes away. stock_quantity is what can be sold, as shown, and is booked as a correction. Errors: 404 product_not_found, 409 when slug or SKU is taken, 422 validation_failed.$$;
grant execute on function v1.update_product to staff;
