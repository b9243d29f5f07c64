create function v1.record_payment() returns json
language plpgsql set search_path = '' as $$
declare
  payment api.payments := api.record_payment(logic.path_id());
begin
  return logic.order_json(payment.order_id);
end;
$$;
comment on function v1.record_payment is $$Record a payment
For staff: the whole amount has come by transfer, or in cash. Answers with the order. Errors: 404 order_not_found, 409 payment_by_card.$$;
grant execute on function v1.record_payment to staff;
