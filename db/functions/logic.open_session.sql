create function logic.open_session(account_id uuid, device text, address inet, ttl_seconds integer) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  opened auth.sessions;
begin
  insert into auth.sessions (account_id, device, address, expires_at)
  select a.id, left(coalesce(open_session.device, ''), 300), open_session.address,
    now() + make_interval(secs => ttl_seconds)
  from auth.accounts a where a.id = open_session.account_id and a.is_active
  returning * into opened;
  if opened.id is null then
    perform logic.problem(401, 'invalid_credentials', 'Invalid credentials');
  end if;
  return logic.session_answer(opened, 'opened');
end;
$$;
comment on function logic.open_session is 'Begins a session for an account whose password was right. Raises 401 when it is switched off.';
grant execute on function logic.open_session to service;
