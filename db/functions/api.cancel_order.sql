create function api.cancel_order(order_id uuid, reason text default '', items jsonb default null) returns api.orders
language plpgsql security definer set search_path = '' as $$
declare
  found_order shop.orders;
  answer api.orders;
  known constant jsonb := logic.known_result('cancel', jsonb_build_array(order_id, reason, items));
begin
  if known is not null then
    return jsonb_populate_record(answer, known);
  end if;
  select o.* into found_order from shop.orders o
  where o.id = cancel_order.order_id and (o.customer_id = shop.current_user_id() or logic.is_staff())
  for update;
  if found_order.id is null then
    perform logic.problem(404, 'order_not_found', 'There is no such order.');
  end if;
  perform logic.check_items(found_order.id, items);
  if found_order.status <> 'cancelled' then
    if not exists (
      select from shop.order_transitions t
      where t.from_status = found_order.status and t.to_status = 'cancelled'
        and (t.is_for_customer or t.is_for_staff and logic.is_staff())
    ) then
      perform logic.problem(
        409, 'order_not_cancellable', format('An order that is %s cannot be cancelled.', found_order.status)
      );
    end if;
    reason := coalesce(nullif(left(reason, 500), ''), 'Cancelled on request');
    if items is not null then
      perform logic.refund_items(found_order, items, null, reason, true, true);
    end if;
    if items is null
      or not exists (select from shop.order_items i where i.order_id = found_order.id and i.cancelled_quantity < i.quantity)
    then
      perform logic.withdraw_order(
        found_order, case when logic.is_staff() then 'staff' else 'customer' end, reason
      );
    elsif found_order.status = 'processing' then
      perform logic.finish_shipping(found_order.id, 'What is left of the order is on its way');
    end if;
  end if;
  select o.* into answer from api.orders o where o.id = found_order.id;
  perform logic.keep_result(to_jsonb(answer));
  return answer;
end;
$$;
comment on function api.cancel_order is $$Cancel an order
Before it is processed (staff: before it has arrived), in whole, or once it is paid items of it that have not left, a list of {sku or order_item_id, quantity}: stock and money go back. A cancelled order stays as it is. Arguments: order_id, reason, items.
Errors: 404 order_not_found, 409 order_not_cancellable, order_not_paid, return_exceeds_sale, nothing_to_refund, 422 validation_failed, idempotency_key_reused.$$;
grant execute on function api.cancel_order to customer;
