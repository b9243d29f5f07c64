create function logic.expire_reservations()
returns integer
language plpgsql security definer set search_path = '' as $$
declare
  expired shop.orders;
  total integer := 0;
begin
  for expired in
    select o.* from shop.orders o
    where o.status = 'pending'
      and exists (
        select from shop.reservations r where r.order_id = o.id and r.state = 'held' and r.expires_at <= now()
      )
      -- The bank is still thinking: the money may come at any moment.
      and not exists (
        select from shop.payments p where p.order_id = o.id and p.status in ('processing', 'requires_capture')
      )
    order by o.created_at limit 500
    for update of o skip locked
  loop
    perform logic.withdraw_order(expired, 'expiry', 'Not paid in time');
    total := total + 1;
  end loop;
  return total;
end;
$$;
comment on function logic.expire_reservations is 'Cancels unpaid orders whose time is up. Returns how many.';
grant execute on function logic.expire_reservations to worker;
