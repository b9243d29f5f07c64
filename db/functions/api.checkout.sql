create function api.checkout(
  shipping_address jsonb, billing_address jsonb default null, notes text default '', accept_price_changes boolean default false,
  email text default null, payment_method text default 'card', coupon text default null
) returns api.orders
language plpgsql security definer set search_path = '' as $$
declare
  cart shop.carts := logic.own_cart();
  request record;
  placed shop.orders;
  answer api.orders;
begin
  payment_method := coalesce(payment_method, 'card');
  coupon := coalesce(lower(btrim(coupon)), '');
  request := logic.claim_checkout_key(
    cart.customer_id, cart, jsonb_build_array(shipping_address, billing_address, notes, accept_price_changes)
      || coalesce(to_jsonb(email), '[]')
      -- What is left out leaves no trace, so that a retry meets its first try also when the shop has learnt more since.
      || case when payment_method = 'card' then '[]' else jsonb_build_array(payment_method) end
      || case when coupon = '' then '[]' else jsonb_build_array('coupon', coupon) end
  );
  if request.order_id is null then
    perform logic.refuse_payment_method(payment_method);
    perform logic.refuse_cart(cart, accept_price_changes);
    placed := logic.place_order(
      cart, logic.address_snapshot(shipping_address, 'shipping_address', cart.customer_id),
      logic.address_snapshot(coalesce(billing_address, shipping_address), 'billing_address', cart.customer_id),
      coalesce(notes, ''), logic.checkout_email(email, cart.customer_id), payment_method, coupon
    );
    update shop.idempotency_keys k set order_id = placed.id
    where k.customer_id = cart.customer_id and k.key = request.key;
    request.order_id := placed.id;
  end if;
  select o.* into answer from api.orders o where o.id = request.order_id;
  return answer;
exception when lock_not_available or deadlock_detected or query_canceled then
  -- PostgREST would answer 500; nothing has happened, and trying again is right.
  perform logic.problem(503, 'try_again', 'Too many orders at this moment.', null, null, '{"Retry-After": "1"}');
  return null;
end;
$$;
comment on function api.checkout is $$Check out
Makes one's cart an order, all or nothing: stock is reserved for the time that settings or the way to pay tell (what is paid on delivery is confirmed at once), totals are made here, the cart is emptied. The header Idempotency-Key makes retries safe; without it the cart's version does.
Arguments: shipping_address (the id of an address, or an object), billing_address (the same unless given), notes, accept_price_changes, email (for guests, whose mails about the order go there), payment_method (card, or another of payment_methods), coupon (a code).
Errors: 404 address_not_found, coupon_unknown, 409 cart_empty, product_unavailable, insufficient_stock, price_changed (details list the lines), payment_method_not_offered, coupon_expired, coupon_used_up, coupon_not_applicable, 422 validation_failed, idempotency_key_reused, 503 try_again.$$;
grant execute on function api.checkout to customer;
