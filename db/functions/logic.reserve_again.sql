create function logic.reserve_again(order_id uuid) returns boolean
language plpgsql set search_path = '' as $$
begin
  update shop.reservations r set state = 'held'
  where r.order_id = reserve_again.order_id and r.state = 'released';
  update shop.promotion_uses u set is_given_back = false where u.order_id = reserve_again.order_id;
  set constraints shop.promotion_uses_count immediate;
  return true;
exception when check_violation then
  return false;
end;
$$;
comment on function logic.reserve_again is 'Takes back the stock of an expired order, and its coupon, all or nothing. False if either is gone.';
