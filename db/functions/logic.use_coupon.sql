create function logic.use_coupon(order_id uuid, promotion_id uuid) returns void
language plpgsql set search_path = '' as $$
begin
  insert into shop.promotion_uses (order_id, promotion_id) values (use_coupon.order_id, use_coupon.promotion_id);
  set constraints shop.promotion_uses_count immediate;
exception when check_violation then
  perform logic.problem(409, 'coupon_used_up', 'This coupon was used as often as it may be.');
end;
$$;
comment on function logic.use_coupon is 'Counts a coupon for an order: the last lock of a checkout, since all who use it wait for each other. Raises 409 coupon_used_up.';
