create function logic.first_answer(answer json, order_id uuid default null) returns json
language plpgsql security definer set search_path = '' as $$
declare
  me constant uuid := shop.current_user_id();
begin
  return logic.keep_answer(me, coalesce(logic.header('idempotency-key'), (
    select k.key from shop.idempotency_keys k where k.customer_id = me and k.order_id = first_answer.order_id
  )), answer);
end;
$$;
comment on function logic.first_answer is
  'What the first caller under the request''s Idempotency-Key was told, or without one the first of this checkout, also when the order has moved on since: a retry must look like the first try.';
grant execute on function logic.first_answer to customer;
