create function v1.cancel_order_items(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"items": "array", "reason": "text"}');
  cancelled api.orders := api.cancel_order(logic.path_id(), given ->> 'reason', nullif(given -> 'items', 'null'));
begin
  return logic.first_answer(logic.order_json(cancelled.id));
end;
$$;
comment on function v1.cancel_order_items is $$Cancel an order, or a part of it
Fields: items (a list of {sku or order_item_id, quantity} that have not left; the whole order unless given), reason. Stock and money go back. Answers with the order.
Errors: 404 order_not_found, 409 order_not_cancellable, order_not_paid, return_exceeds_sale, nothing_to_refund, 422 validation_failed, idempotency_key_reused.$$;
grant execute on function v1.cancel_order_items to customer;
