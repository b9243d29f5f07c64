create function logic.record_intent(order_id uuid, intent jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  payment shop.payments;
begin
  update shop.payments p set
    intent_id = intent ->> 'id',
    client_secret = intent ->> 'client_secret',
    status = case when p.status = 'new' then intent ->> 'status' else p.status end
  where p.order_id = record_intent.order_id and p.method = 'card' and (p.intent_id is null or p.intent_id = intent ->> 'id');
  select p.* into payment from shop.payments p where p.order_id = record_intent.order_id;
  if payment.intent_id is distinct from intent ->> 'id'
    or exists (select from shop.orders o where o.id = record_intent.order_id and o.status = 'cancelled')
  then
    perform logic.emit('payment.cancel', jsonb_build_object('order_id', order_id, 'intent_id', intent ->> 'id'));
  end if;
  return jsonb_build_object(
    'payment_id', payment.id, 'intent_id', payment.intent_id, 'status', payment.status, 'client_secret', payment.client_secret
  );
end;
$$;
comment on function logic.record_intent is 'Stores which PaymentIntent an order has, and tells which it is. A second, other intent is not taken but cancelled, as is that of a cancelled order.';
grant execute on function logic.record_intent to service, worker;
