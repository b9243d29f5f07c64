create function api.cart_totals(
  coupon text default '', out subtotal numeric, out coupon_code text, out discount numeric, out tax numeric,
  out shipping_cost numeric, out total_amount numeric
)
language plpgsql stable security definer set search_path = '' as $$
declare
  totals record;
begin
  select sum(i.quantity * logic.unit_price(i.variant_id, c.customer_id)) into subtotal
  from shop.carts c join shop.cart_items i on i.cart_id = c.id where c.customer_id = shop.current_user_id();
  if subtotal is null then
    -- Nothing would be ordered, so nothing travels either.
    select 0, 0, 0, 0, 0 into subtotal, discount, tax, shipping_cost, total_amount;
  else
    totals := logic.totals(shop.current_user_id(), subtotal, coupon);
    coupon_code := totals.coupon_code;
    discount := totals.discount;
    tax := totals.tax;
    shipping_cost := totals.shipping;
    total_amount := totals.total;
  end if;
end;
$$;
comment on function api.cart_totals is $$What my cart would cost
As checkout would make it now, with a coupon less what that takes off; nothing is used by asking. Argument: coupon (a code).
Errors: 404 coupon_unknown, 409 coupon_expired, coupon_used_up, coupon_not_applicable.$$;
grant execute on function api.cart_totals to customer;
