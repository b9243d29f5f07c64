create function logic.keep_result(result jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  update shop.idempotency_keys k set result = keep_result.result
  where k.customer_id = shop.current_user_id() and k.key = logic.header('idempotency-key');
end;
$$;
comment on function logic.keep_result is 'Remembers what an act has returned, for who asks again under the same Idempotency-Key.';
