create function api.create_shipment(
  order_id uuid, items jsonb default null, carrier text default null, tracking_number text default null, note text default ''
) returns api.shipments
language plpgsql security definer set search_path = '' as $$
declare
  found_order shop.orders;
  shipment shop.shipments;
  answer api.shipments;
  known constant jsonb := logic.known_result('ship', jsonb_build_array(order_id, items, carrier, tracking_number));
begin
  if known is not null then
    return jsonb_populate_record(answer, known);
  end if;
  found_order := logic.lock_order(order_id);
  if found_order.status not in ('confirmed', 'processing') then
    perform logic.problem(
      409, 'transition_not_allowed', format('Of an order that is %s nothing is shipped.', found_order.status)
    );
  end if;
  perform logic.check_items(found_order.id, items);
  insert into shop.shipments (order_id, carrier, tracking_number)
  values (found_order.id, left(carrier, 100), left(tracking_number, 100)) returning * into shipment;
  insert into shop.shipment_items (shipment_id, order_item_id, quantity)
  select shipment.id, i.id, coalesce((w.value ->> 'quantity')::integer, i.quantity - i.shipped_quantity - i.cancelled_quantity)
  from shop.order_items i left join jsonb_array_elements(items) w on logic.names_item(w.value, i)
  where i.order_id = found_order.id
    and (w.value is not null or items is null and i.quantity > i.shipped_quantity + i.cancelled_quantity)
  order by i.id;
  if not found then
    perform logic.problem(409, 'nothing_to_ship', 'Nothing of this is left to be shipped.');
  end if;
  update shop.orders o set
    carrier = coalesce(shipment.carrier, o.carrier), tracking_number = coalesce(shipment.tracking_number, o.tracking_number)
  where o.id = found_order.id;
  if found_order.status = 'confirmed' then
    perform logic.set_status(found_order.id, 'processing', 'The first parcel has left');
  end if;
  perform logic.finish_shipping(found_order.id, coalesce(left(note, 500), ''));
  perform logic.emit('order.shipped', jsonb_build_object('order_id', found_order.id, 'shipment_id', shipment.id));
  select s.* into answer from api.shipments s where s.id = shipment.id;
  perform logic.keep_result(to_jsonb(answer));
  return answer;
exception when check_violation or unique_violation then
  perform logic.problem(409, 'shipment_exceeds_order', 'More would be shipped than is left of the order.');
  return null;
end;
$$;
comment on function api.create_shipment is $$Ship a parcel
For staff: all that is left of an order, or items, a list of {sku or order_item_id, quantity}. The customer gets a mail for each parcel; with the last one the order is shipped. Arguments: order_id, items, carrier, tracking_number, note (for the history). The header Idempotency-Key makes retries safe.
Errors: 404 order_not_found, 409 transition_not_allowed, nothing_to_ship, shipment_exceeds_order, 422 validation_failed, idempotency_key_reused.$$;
grant execute on function api.create_shipment to staff;
