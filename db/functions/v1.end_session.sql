create function v1.end_session() returns void
language plpgsql security definer set search_path = '' as $$
begin
  update auth.sessions s set ended_at = now(), end_reason = 'revoked'
  where s.id = logic.path_id() and s.account_id = shop.current_user_id() and s.ended_at is null
    and s.expires_at > now();
  if not found then
    perform logic.problem(404, 'session_not_found', 'There is no such session.');
  end if;
end;
$$;
comment on function v1.end_session is $$Sign a device out
Its tokens are refused from its next request on; the session of this very request may be ended, too. Errors: 404 session_not_found.$$;
grant execute on function v1.end_session to customer;
