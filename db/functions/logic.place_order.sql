create function logic.place_order(
  cart shop.carts, shipping_address jsonb, billing_address jsonb, notes text, guest_email text, payment_method text,
  coupon text
) returns shop.orders
language plpgsql set search_path = '' as $$
declare
  placed shop.orders;
  goods numeric(12, 2);
  totals record;
  shop_settings shop.settings;
  hold_minutes integer := (select m.hold_minutes from shop.payment_methods m where m.code = payment_method);
begin
  select s.* into shop_settings from shop.settings s;
  -- Only the cart's prices from here on: the shop's may change at any moment, and lines and total must agree.
  select sum(i.quantity * i.price_snapshot) into goods from shop.cart_items i where i.cart_id = cart.id;
  totals := logic.totals(cart.customer_id, goods, coupon);

  perform set_config('shop.status_note', 'Order created', true);
  insert into shop.orders (
    customer_id, currency, subtotal, discount, coupon_code, tax, shipping_cost, total_amount, shipping_address,
    billing_address, notes, guest_email
  )
  values (
    cart.customer_id, shop_settings.currency, goods, totals.discount, totals.coupon_code, totals.tax, totals.shipping,
    totals.total, shipping_address, billing_address, notes, guest_email
  )
  returning * into placed;
  -- Each line bears its share of the discount, in whole cents; those left over go to the largest remainders.
  insert into shop.order_items (order_id, product_id, variant_id, product_name, variant_name, sku, quantity, price, discount)
  select placed.id, p.id, v.id, p.name, case when not v.is_default then v.name end, v.sku, i.quantity, i.price_snapshot,
    (
      floor(e.cents) + case
        when row_number() over (order by e.cents - floor(e.cents) desc, v.id)
          <= placed.discount * 100 - sum(floor(e.cents)) over ()
        then 1 else 0 end
    ) / 100
  from shop.cart_items i
  join shop.products p on p.id = i.product_id
  join shop.product_variants v on v.id = i.variant_id
  cross join lateral (
    select coalesce(placed.discount * 100 * i.quantity * i.price_snapshot / nullif(goods, 0), 0) as cents
  ) e
  where i.cart_id = cart.id;
  insert into shop.payments (order_id, method, amount, currency, capture_method)
  values (placed.id, payment_method, placed.total_amount, placed.currency, shop_settings.capture_method);
  -- Late, since everybody who wants the same waits from here to the end. All of it before any is taken, and in the order of
  -- ids, always: two checkouts that share products wait for each other, and never in a ring.
  perform from shop.stock s
  where s.variant_id in (select i.variant_id from shop.cart_items i where i.cart_id = cart.id)
  order by s.variant_id for update;
  perform logic.refuse_shortage(cart);
  insert into shop.reservations (order_id, variant_id, quantity, expires_at)
  select placed.id, i.variant_id, i.quantity,
    now() + make_interval(mins => coalesce(hold_minutes, shop_settings.reservation_minutes))
  from shop.cart_items i where i.cart_id = cart.id order by i.variant_id;
  delete from shop.cart_items i where i.cart_id = cart.id;
  if placed.total_amount = 0 then
    perform logic.confirm_order(placed.id, 'Nothing to pay');
  elsif payment_method = 'cash_on_delivery' then
    perform logic.confirm_order(placed.id, 'To be paid on delivery');
  else
    perform logic.emit(
      case payment_method when 'card' then 'order.placed' else 'order.awaits_transfer' end,
      jsonb_build_object('order_id', placed.id)
    );
  end if;
  if totals.promotion_id is not null then
    perform logic.use_coupon(placed.id, totals.promotion_id);
  end if;
  return placed;
end;
$$;
comment on function logic.place_order is 'Writes order, items, payment and reservations from a cart that nothing was to be said against, at the cart''s prices, and empties it. What is paid by card gets an intent, what is paid by transfer a mail, the rest is confirmed. Raises 409 insufficient_stock when others were faster.';
