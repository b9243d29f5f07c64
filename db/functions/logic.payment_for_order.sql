create function logic.payment_for_order(order_id uuid, customer_id uuid default null) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  answer jsonb;
  status text;
  method text;
begin
  select jsonb_build_object(
    'order_id', o.id, 'order_number', o.order_number, 'order_status', o.status, 'payment_id', p.id,
    'amount', logic.money(p.amount), 'amount_minor', logic.minor_units(p.amount), 'currency', lower(p.currency),
    'status', p.status, 'capture_method', p.capture_method, 'intent_id', p.intent_id, 'client_secret', p.client_secret,
    -- Deterministic, so that the worker and the endpoint can only ever make the same intent.
    'idempotency_key', format('order:%s:pi:v1', o.id), 'placed_at', extract(epoch from o.created_at)::bigint,
    'customer_id', o.customer_id, 'email', coalesce(c.email, o.guest_email)
  ), o.status, p.method
  into answer, status, method
  from shop.orders o
  join shop.payments p on p.order_id = o.id
  left join shop.customers c on c.id = o.customer_id
  where o.id = payment_for_order.order_id
    and (payment_for_order.customer_id is null or o.customer_id = payment_for_order.customer_id);
  if answer is null then
    perform logic.problem(404, 'order_not_found', 'There is no such order.');
  elsif status in ('cancelled', 'refunded') then
    perform logic.problem(409, 'order_not_payable', format('An order that is %s cannot be paid.', status));
  elsif method <> 'card' then
    perform logic.problem(409, 'order_not_payable', 'This order is not paid by card.');
  end if;
  return answer;
end;
$$;
comment on function logic.payment_for_order is 'What Stripe is to be asked for an order; with a customer, only for theirs. Raises 404 order_not_found, 409 order_not_payable.';
grant execute on function logic.payment_for_order to service, worker;
