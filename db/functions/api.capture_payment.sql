create function api.capture_payment(order_id uuid) returns api.payments
language plpgsql security definer set search_path = '' as $$
declare
  answer api.payments;
  known constant jsonb := logic.known_result('capture', jsonb_build_array(order_id));
begin
  if known is not null then
    return jsonb_populate_record(answer, known);
  end if;
  perform logic.lock_order(order_id);
  select p.* into answer from api.payments p where p.order_id = capture_payment.order_id;
  if answer.status <> 'requires_capture' then
    perform logic.problem(409, 'nothing_to_capture', 'No money is authorised that could be taken.');
  end if;
  perform logic.emit('payment.capture', jsonb_build_object('order_id', order_id, 'intent_id', answer.intent_id));
  perform logic.keep_result(to_jsonb(answer));
  return answer;
end;
$$;
comment on function api.capture_payment is $$Take authorised money
For staff, where settings say that money is captured by hand: Stripe is asked for it, and when it has come, the order is confirmed. An authorisation that nobody captures ends after some days, and the order with it. Argument: order_id.
Errors: 404 order_not_found, 409 nothing_to_capture, 422 idempotency_key_reused.$$;
grant execute on function api.capture_payment to staff;
