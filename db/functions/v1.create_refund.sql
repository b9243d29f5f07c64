create function v1.create_refund(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"items": "array", "amount": "money", "reason": "text", "restock": "boolean"}');
begin
  perform api.refund_order(
    logic.path_id(), nullif(given -> 'items', 'null'), (given ->> 'amount')::numeric, given ->> 'reason',
    coalesce((given ->> 'restock')::boolean, true)
  );
  perform set_config('response.status', '201', true);
  return logic.first_answer(logic.order_json(logic.path_id()));
end;
$$;
comment on function v1.create_refund is $$Refund an order
For staff. Fields: items (a list of {sku or order_item_id, quantity} that came back), amount (goodwill, or instead of their price), reason, restock; with none of them all that is left goes back. Answers with the order.
Errors: 404 order_not_found, 409 order_not_paid, return_exceeds_sale, refund_exceeds_payment, nothing_to_refund, 422 validation_failed, idempotency_key_reused.$$;
grant execute on function v1.create_refund to staff;
