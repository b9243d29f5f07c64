create function logic.require_stock(line api.cart_items) returns void
language plpgsql stable set search_path = '' as $$
declare
  product_name text;
  short json;
begin
  select p.name, json_build_array(json_build_object(
    'product_id', p.id, 'variant_id', case when not v.is_default then v.id end, 'sku', v.sku, 'name', p.name,
    'requested', line.quantity, 'available', s.available
  ))
  into product_name, short
  from shop.product_variants v join shop.products p on p.id = v.product_id join shop.stock s on s.variant_id = v.id
  where v.id = line.variant_id and s.available < line.quantity and not s.is_backorderable;
  if found then
    perform logic.problem(409, 'insufficient_stock', format('Insufficient stock for %s', product_name), short::text);
  end if;
end;
$$;
comment on function logic.require_stock is 'Refuses a line of a cart that asks for more than is there. Raises 409 insufficient_stock with the line concerned.';
