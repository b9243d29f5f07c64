create function v1.list_sessions(page text default '', page_size text default '') returns json
language plpgsql stable security definer set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
  me uuid := shop.current_user_id();
begin
  return logic.envelope(
    (select count(*) from auth.sessions s where s.account_id = me and s.ended_at is null and s.expires_at > now()),
    page, page_size,
    (
      select coalesce(json_agg(json_build_object(
        'id', s.id, 'device', s.device, 'ip_address', host(s.address), 'created_at', s.created_at,
        'last_used_at', s.rotated_at, 'expires_at', s.expires_at, 'is_current', s.id = logic.current_session_id()
      ) order by s.rotated_at desc, s.id), '[]')
      from (
        select s.* from auth.sessions s where s.account_id = me and s.ended_at is null and s.expires_at > now()
        order by s.rotated_at desc, s.id limit wanted.size offset wanted.skip
      ) s
    )
  );
end;
$$;
comment on function v1.list_sessions is $$My sessions
Where I am signed in, last used first: device and address as they were seen at sign-in and refresh. Use is noted at each refresh, so at least every 15 minutes. Errors: 404 invalid_page.$$;
grant execute on function v1.list_sessions to customer;
