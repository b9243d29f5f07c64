create function logic.keep_answer(customer_id uuid, key text, answer json) returns json
language plpgsql security definer set search_path = '' as $$
declare
  first json;
begin
  update shop.idempotency_keys k set response = coalesce(k.response, keep_answer.answer)
  where k.customer_id = keep_answer.customer_id and k.key = keep_answer.key returning k.response into first;
  return coalesce(first, answer);
end;
$$;
comment on function logic.keep_answer is 'What the first caller under a key was told: this answer, unless there was one before.';
grant execute on function logic.keep_answer to service;
