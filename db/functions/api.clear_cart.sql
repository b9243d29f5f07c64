create function api.clear_cart() returns void
language plpgsql security definer set search_path = '' as $$
declare
  cart shop.carts := logic.own_cart();
begin
  delete from shop.cart_items i where i.cart_id = cart.id;
end;
$$;
comment on function api.clear_cart is $$Empty the cart
An empty cart stays empty.$$;
grant execute on function api.clear_cart to customer;
