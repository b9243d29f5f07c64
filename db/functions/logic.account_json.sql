create function logic.account_json() returns json
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select json_build_object(
      'role', a.role, 'wanted_email', a.wanted_email, 'created_at', a.created_at, 'updated_at', a.updated_at,
      'second_factor_since', (select f.confirmed_at from auth.second_factors f where f.account_id = a.id),
      'sessions', (
        select coalesce(json_agg(json_build_object(
          'id', s.id, 'device', s.device, 'ip_address', host(s.address), 'created_at', s.created_at,
          'last_used_at', s.rotated_at, 'expires_at', s.expires_at, 'ended_at', s.ended_at, 'end_reason', s.end_reason
        ) order by s.created_at, s.id), '[]')
        from auth.sessions s where s.account_id = a.id
      )
    )
    from auth.accounts a where a.id = shop.current_user_id()
  );
end;
$$;
comment on function logic.account_json is 'The caller''s own account and all its sessions, without what is secret.';
grant execute on function logic.account_json to customer;
