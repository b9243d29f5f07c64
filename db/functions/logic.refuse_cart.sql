create function logic.refuse_cart(cart shop.carts, accept_price_changes boolean) returns void
language plpgsql set search_path = '' as $$
declare
  lines json;
  first_name text;
begin
  if not exists (select from shop.cart_items i where i.cart_id = cart.id) then
    perform logic.problem(409, 'cart_empty', 'The cart is empty.');
  end if;
  select json_agg(json_build_object('item_id', i.id, 'product_id', p.id, 'sku', v.sku, 'name', p.name)), min(p.name)
  into lines, first_name
  from shop.cart_items i
  join shop.products p on p.id = i.product_id
  join shop.product_variants v on v.id = i.variant_id
  where i.cart_id = cart.id and not (p.is_active and v.is_active);
  if lines is not null then
    perform logic.problem(409, 'product_unavailable', format('%s is not sold any more', first_name), lines::text);
  end if;
  perform logic.refuse_shortage(cart);
  select json_agg(json_build_object(
    'item_id', i.id, 'product_id', i.product_id, 'price_snapshot', logic.money(i.price_snapshot),
    'price', logic.money(logic.unit_price(i.variant_id, cart.customer_id))
  ))
  into lines
  from shop.cart_items i
  where i.cart_id = cart.id and i.price_snapshot <> logic.unit_price(i.variant_id, cart.customer_id);
  if lines is not null and accept_price_changes then
    update shop.cart_items i set price_snapshot = logic.unit_price(i.variant_id, cart.customer_id) where i.cart_id = cart.id;
  elsif lines is not null then
    perform logic.problem(
      409, 'price_changed', 'Prices have changed since they were put into the cart.', lines::text,
      'Show the new prices and send accept_price_changes: true.'
    );
  end if;
end;
$$;
comment on function logic.refuse_cart is 'Refuses what cannot be ordered, with the lines concerned; prices that are accepted become the cart''s. Raises 409 cart_empty, product_unavailable, insufficient_stock or price_changed.';
