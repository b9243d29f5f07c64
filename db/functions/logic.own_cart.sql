create function logic.own_cart() returns shop.carts
language plpgsql set search_path = '' as $$
declare
  cart shop.carts;
begin
  -- Locked: changes of one cart and its checkout come one after the other.
  select c.* into cart from shop.carts c where c.customer_id = shop.current_user_id() for update;
  return cart;
end;
$$;
comment on function logic.own_cart is 'The caller''s cart, locked for the rest of the transaction.';
