create function logic.own_cart() returns shop.carts
language plpgsql set search_path = '' as $$
declare
  cart shop.carts;
begin
  -- Locked: changes of one cart and its checkout come one after the other.
  select c.* into cart from shop.carts c where c.customer_id = shop.current_user_id() for update;
  if cart.id is null then
    -- A guest who signed in while this request was on its way: the cart is the account's now.
    perform logic.problem(
      401, 'token_invalid', 'The access token is not valid any more.', null, 'Sign in or refresh.',
      '{"WWW-Authenticate": "Bearer error=\"invalid_token\""}'
    );
  end if;
  return cart;
end;
$$;
comment on function logic.own_cart is 'The caller''s cart, locked for the rest of the transaction. Raises 401 token_invalid when it was merged into another.';
