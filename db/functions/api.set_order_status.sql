create function api.set_order_status(
  order_id uuid, status text, note text default '', tracking_number text default null, carrier text default null
) returns api.orders
language plpgsql security definer set search_path = '' as $$
declare
  found_order shop.orders;
  answer api.orders;
begin
  found_order := logic.lock_order(order_id);
  if set_order_status.status = 'cancelled' then
    return api.cancel_order(found_order.id, note);
  end if;
  if set_order_status.status is distinct from found_order.status then
    if not exists (
      select from shop.order_transitions t
      where t.from_status = found_order.status and t.to_status = set_order_status.status and t.is_for_staff
    ) then
      perform logic.problem(
        409, 'transition_not_allowed',
        format('Staff cannot move an order from %s to %s.', found_order.status, left(set_order_status.status, 50))
      );
    end if;
    note := coalesce(left(note, 500), '');
    if set_order_status.status = 'shipped' then
      perform api.create_shipment(found_order.id, null, set_order_status.carrier, set_order_status.tracking_number, note);
    else
      perform logic.set_status(found_order.id, set_order_status.status, note);
    end if;
  end if;
  update shop.orders o set
    tracking_number = coalesce(left(set_order_status.tracking_number, 100), o.tracking_number),
    carrier = coalesce(left(set_order_status.carrier, 100), o.carrier)
  where o.id = found_order.id and coalesce(set_order_status.tracking_number, set_order_status.carrier) is not null;
  update shop.shipments s set tracking_number = o.tracking_number, carrier = o.carrier
  from shop.orders o
  where o.id = s.order_id and s.id = (
    select l.id from shop.shipments l where l.order_id = found_order.id order by l.shipped_at desc, l.id limit 1
  ) and coalesce(set_order_status.tracking_number, set_order_status.carrier) is not null;
  select o.* into answer from api.orders o where o.id = found_order.id;
  return answer;
end;
$$;
comment on function api.set_order_status is $$Move an order
For staff: to a state that may follow; shipped sends all that is left in one parcel. The customer gets a mail when it is shipped or delivered. Carrier and tracking number are those of the last parcel. Arguments: order_id, status, note, tracking_number, carrier.
Errors: 404 order_not_found, 409 transition_not_allowed, order_not_cancellable, nothing_to_ship.$$;
grant execute on function api.set_order_status to staff;
