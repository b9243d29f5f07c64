create function logic.keep_result(result jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  first jsonb;
begin
  update shop.idempotency_keys k set result = coalesce(k.result, keep_result.result)
  where k.customer_id = shop.current_user_id() and k.key = logic.header('idempotency-key') returning k.result into first;
  return coalesce(first, result);
end;
$$;
comment on function logic.keep_result is 'Remembers what an act has returned, for who asks again under the same Idempotency-Key. Returns what the first returned.';
grant execute on function logic.keep_result to service;
