create function api.remove_from_cart(item_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  cart shop.carts := logic.own_cart();
begin
  delete from shop.cart_items i where i.id = item_id and i.cart_id = cart.id;
  if not found then
    perform logic.problem(404, 'cart_item_not_found', 'There is no such line in the cart.');
  end if;
end;
$$;
comment on function api.remove_from_cart is $$Remove a line from the cart
Argument: item_id. Errors: 404 cart_item_not_found.$$;
grant execute on function api.remove_from_cart to customer;
