create function logic.first_answer(order_id uuid, answer json) returns json
language plpgsql security definer set search_path = '' as $$
declare
  first json;
begin
  update shop.idempotency_keys k set response = coalesce(k.response, answer)
  where k.order_id = first_answer.order_id and k.customer_id = shop.current_user_id()
  returning k.response into first;
  return coalesce(first, answer);
end;
$$;
comment on function logic.first_answer is
  'What the first caller of a checkout was told, also when the order has moved on since: a retry must look like the first try.';
grant execute on function logic.first_answer to customer;
