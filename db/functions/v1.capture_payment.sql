create function v1.capture_payment() returns json
language plpgsql set search_path = '' as $$
declare
  payment api.payments := api.capture_payment(logic.path_id());
begin
  return logic.first_answer(logic.order_json(payment.order_id));
end;
$$;
comment on function v1.capture_payment is $$Take authorised money
For staff: Stripe is asked for it, and when it has come, the order is confirmed. Answers with the order. Errors: 404 order_not_found, 409 nothing_to_capture, 422 idempotency_key_reused.$$;
grant execute on function v1.capture_payment to staff;
