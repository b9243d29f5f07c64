create function logic.refuse_shortage(cart shop.carts) returns void
language plpgsql stable set search_path = '' as $$
declare
  lines json;
  first_name text;
begin
  select json_agg(json_build_object(
    'item_id', i.id, 'product_id', p.id, 'variant_id', case when not v.is_default then v.id end, 'sku', v.sku,
    'name', p.name, 'requested', i.quantity, 'available', s.available
  ) order by p.name), min(p.name)
  into lines, first_name
  from shop.cart_items i
  join shop.products p on p.id = i.product_id
  join shop.product_variants v on v.id = i.variant_id
  join shop.stock s on s.variant_id = i.variant_id
  where i.cart_id = cart.id and i.quantity > s.available and not s.is_backorderable;
  if lines is not null then
    perform logic.problem(409, 'insufficient_stock', format('Insufficient stock for %s', first_name), lines::text);
  end if;
end;
$$;
comment on function logic.refuse_shortage is 'Refuses a cart of which there is not enough, with the lines concerned. Raises 409 insufficient_stock. Others may be faster unless the stock is locked.';
