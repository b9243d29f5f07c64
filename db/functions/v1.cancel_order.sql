create function v1.cancel_order() returns json
language plpgsql set search_path = '' as $$
declare
  cancelled api.orders := api.cancel_order(logic.path_id());
begin
  return logic.first_answer(logic.order_json(cancelled.id));
end;
$$;
comment on function v1.cancel_order is $$Cancel an order
Stock and money go back. Answers with the order. Errors: 404 order_not_found, 409 order_not_cancellable, 422 idempotency_key_reused.$$;
grant execute on function v1.cancel_order to customer;
