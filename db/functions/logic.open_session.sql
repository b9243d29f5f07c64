create function logic.open_session(account_id uuid, device text, address inet, ttl_seconds integer, known_hash text default null)
returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  opened auth.sessions;
begin
  -- A password that is being changed is waited for: the session of the old one would outlive the end of all sessions.
  perform from auth.accounts a
  where a.id = open_session.account_id and (known_hash is null or a.password_hash = known_hash) for share;
  insert into auth.sessions (account_id, device, address, expires_at)
  select a.id, left(coalesce(open_session.device, ''), 300), open_session.address,
    now() + make_interval(secs => ttl_seconds)
  from auth.accounts a where found and a.id = open_session.account_id and a.is_active
  returning * into opened;
  if opened.id is null then
    perform logic.problem(401, 'invalid_credentials', 'Invalid credentials');
  end if;
  return logic.session_answer(opened, 'opened');
end;
$$;
comment on function logic.open_session is 'Begins a session for an account whose password was right. Raises 401 when it is switched off, or the password no longer the one that was checked.';
grant execute on function logic.open_session to service;
