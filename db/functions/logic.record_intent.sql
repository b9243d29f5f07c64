create function logic.record_intent(order_id uuid, intent jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  payment shop.payments;
begin
  update shop.payments p set
    intent_id = intent ->> 'id',
    client_secret = intent ->> 'client_secret',
    status = case when p.status = 'new' then intent ->> 'status' else p.status end
  where p.order_id = record_intent.order_id and p.method = 'card' and (p.intent_id is null or p.intent_id = intent ->> 'id')
  returning * into payment;
  return jsonb_build_object('payment_id', payment.id, 'intent_id', payment.intent_id, 'status', payment.status);
end;
$$;
comment on function logic.record_intent is 'Stores which PaymentIntent an order has. A second, other intent is not taken.';
grant execute on function logic.record_intent to service, worker;
