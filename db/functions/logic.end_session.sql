create function logic.end_session(session_id uuid, reason text default 'logout') returns void
language plpgsql security definer set search_path = '' as $$
begin
  update auth.sessions s set ended_at = now(), end_reason = reason where s.id = session_id and s.ended_at is null;
end;
$$;
comment on function logic.end_session is 'Ends a session; its access tokens are refused from the next request on.';
grant execute on function logic.end_session to service;
