create function logic.first_answer(answer json, order_id uuid default null) returns json
language plpgsql security definer set search_path = '' as $$
declare
  first json;
begin
  update shop.idempotency_keys k set response = coalesce(k.response, answer)
  where k.customer_id = shop.current_user_id()
    and (k.key = logic.header('idempotency-key') or logic.header('idempotency-key') is null and k.order_id = first_answer.order_id)
  returning k.response into first;
  return coalesce(first, answer);
end;
$$;
comment on function logic.first_answer is 'What the first caller under the request''s Idempotency-Key was told, or without one the first of this checkout, also when the order has moved on since: a retry must look like the first try.';
grant execute on function logic.first_answer to customer;
