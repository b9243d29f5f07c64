create function logic.prune()
returns integer
language plpgsql security definer set search_path = '' as $$
declare
  gone integer;
  total integer := 0;
begin
  delete from auth.throttles where window_ends_at < now() - interval '1 day';
  get diagnostics gone = row_count;
  total := total + gone;
  delete from auth.one_time_tokens where expires_at < now() - interval '7 days';
  get diagnostics gone = row_count;
  total := total + gone;
  delete from auth.sessions where expires_at < now() - interval '30 days';
  get diagnostics gone = row_count;
  total := total + gone;
  delete from shop.idempotency_keys where created_at < now() - interval '7 days';
  get diagnostics gone = row_count;
  total := total + gone;
  delete from shop.outbox where done_at < now() - interval '90 days';
  get diagnostics gone = row_count;
  return total + gone;
end;
$$;
comment on function logic.prune is 'Removes what has served its time. Returns how many rows went.';
grant execute on function logic.prune to worker;
