create function logic.require_stock(variant shop.product_variants, wanted integer, available integer)
returns void
language plpgsql stable set search_path = '' as $$
declare
  product shop.products;
begin
  if wanted > available then
    select p.* into product from shop.products p where p.id = variant.product_id;
    perform logic.problem(
      409, 'insufficient_stock', format('Insufficient stock for %s', product.name),
      json_build_array(json_build_object(
        'product_id', product.id, 'variant_id', case when not variant.is_default then variant.id end,
        'sku', variant.sku, 'name', product.name, 'requested', wanted, 'available', available
      ))::text
    );
  end if;
end;
$$;
comment on function logic.require_stock is 'Refuses a quantity that is not there. Raises 409 insufficient_stock with the line concerned.';
