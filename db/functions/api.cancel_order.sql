create function api.cancel_order(order_id uuid, reason text default '') returns api.orders
language plpgsql security definer set search_path = '' as $$
declare
  found_order shop.orders;
  answer api.orders;
  known constant jsonb := logic.known_result('cancel', jsonb_build_array(order_id, reason));
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
    perform logic.withdraw_order(
      found_order, case when logic.is_staff() then 'staff' else 'customer' end,
      coalesce(nullif(left(reason, 500), ''), 'Cancelled on request')
    );
  end if;
  select o.* into answer from api.orders o where o.id = found_order.id;
  perform logic.keep_result(to_jsonb(answer));
  return answer;
end;
$$;
comment on function api.cancel_order is $$Cancel an order
Before it is processed: stock and money go back. A cancelled order stays as it is. Arguments: order_id, reason.
Errors: 404 order_not_found, 409 order_not_cancellable, 422 idempotency_key_reused.$$;
grant execute on function api.cancel_order to customer;
