create function api.update_cart_item(item_id uuid, quantity integer) returns api.cart_items
language plpgsql security definer set search_path = '' as $$
declare
  cart shop.carts := logic.own_cart();
  line api.cart_items;
begin
  if quantity is null or quantity not between 1 and 100000 then
    perform logic.problem(
      422, 'validation_failed', 'Some fields are missing or wrong.', '{"quantity": ["Must be from 1 to 100000."]}'
    );
  end if;
  update shop.cart_items i
  set quantity = update_cart_item.quantity, price_snapshot = logic.unit_price(i.variant_id, cart.customer_id)
  where i.id = item_id and i.cart_id = cart.id
  returning i.id, i.cart_id, i.product_id, i.variant_id, i.quantity, i.price_snapshot, i.created_at, i.updated_at
  into line;
  if line.id is null then
    perform logic.problem(404, 'cart_item_not_found', 'There is no such line in the cart.');
  end if;
  perform logic.require_stock(line);
  return line;
end;
$$;
comment on function api.update_cart_item is $$Change a line of the cart
Sets its quantity and brings its price up to date. Arguments: item_id, quantity.
Errors: 404 cart_item_not_found, 409 insufficient_stock, 422 validation_failed.$$;
grant execute on function api.update_cart_item to customer;
