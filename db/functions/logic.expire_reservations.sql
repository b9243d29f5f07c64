create function logic.expire_reservations() returns integer
language plpgsql security definer set search_path = '' as $$
declare
  expired shop.orders[];
  one shop.orders;
begin
  expired := array(
    select o from shop.orders o
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
  );
  -- The stock of all of them first and in one order: one order after the other would meet a checkout head-on.
  perform from shop.stock s
  where s.variant_id in (
    select r.variant_id from shop.reservations r join unnest(expired) e on e.id = r.order_id
  )
  order by s.variant_id for update;
  foreach one in array expired loop
    perform logic.withdraw_order(one, 'expiry', 'Not paid in time');
  end loop;
  return cardinality(expired);
end;
$$;
comment on function logic.expire_reservations is 'Cancels unpaid orders whose time is up. Returns how many.';
grant execute on function logic.expire_reservations to worker;
