create function logic.find_coupon(coupon text, customer_id uuid, goods numeric) returns shop.promotions
language plpgsql stable set search_path = '' as $$
declare
  found_one shop.promotions;
begin
  select p.* into found_one from shop.promotions p where lower(p.code) = lower(btrim(coupon)) and p.is_active;
  if found_one.id is null then
    perform logic.problem(404, 'coupon_unknown', 'There is no such coupon.');
  elsif found_one.ends_at <= now() then
    perform logic.problem(409, 'coupon_expired', 'This coupon is not valid any more.');
  elsif found_one.starts_at > now() then
    perform logic.problem(409, 'coupon_not_applicable', 'This coupon is not valid yet.');
  elsif found_one.uses >= found_one.usage_limit or found_one.usage_limit_per_customer <= (
    select count(*) from shop.promotion_uses u join shop.orders o on o.id = u.order_id
    where u.promotion_id = found_one.id and not u.is_given_back and o.customer_id = find_coupon.customer_id
  ) then
    perform logic.problem(409, 'coupon_used_up', 'This coupon was used as often as it may be.');
  elsif goods < found_one.minimum_amount then
    perform logic.problem(
      409, 'coupon_not_applicable', format('This coupon is for goods of %s or more.', logic.money(found_one.minimum_amount)),
      json_build_object('minimum_amount', logic.money(found_one.minimum_amount), 'subtotal', logic.money(goods))::text
    );
  end if;
  return found_one;
end;
$$;
comment on function logic.find_coupon is 'A coupon that this customer may use for goods of this price. Raises 404 coupon_unknown, 409 coupon_expired, coupon_used_up, coupon_not_applicable.';
