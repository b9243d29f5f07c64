create function logic.known_result(act text, arguments jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
begin
  if logic.header('idempotency-key') is null or shop.current_user_id() is null then
    return null;
  end if;
  return logic.claim_key(shop.current_user_id(), logic.header('idempotency-key'), jsonb_build_array(act, arguments)) ->> 'result';
end;
$$;
comment on function logic.known_result is 'What an act returned when it was first asked for under the request''s Idempotency-Key; null when it is to be done now, and then logic.keep_result has to follow. Raises 422 idempotency_key_reused.';
grant execute on function logic.known_result to service;
