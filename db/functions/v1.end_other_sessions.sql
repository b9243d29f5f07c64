create function v1.end_other_sessions() returns json
language plpgsql security definer set search_path = '' as $$
begin
  return json_build_object('ended', logic.end_sessions(shop.current_user_id(), 'revoked', logic.current_session_id()));
end;
$$;
comment on function v1.end_other_sessions is $$Sign all other devices out
Answers how many sessions it ended; that of this very request goes on.$$;
grant execute on function v1.end_other_sessions to customer;
