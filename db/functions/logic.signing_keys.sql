create function logic.signing_keys() returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object('kid', k.kid, 'x', k.public_key, 'signs', k.signs_from <= now())
      order by k.signs_from desc, k.created_at desc, k.kid
    ), '[]')
    from auth.signing_keys k where coalesce(k.verifies_until, 'infinity') > now()
  );
end;
$$;
comment on function logic.signing_keys is 'The keys that verify access tokens, the newest first, and whether each may sign already.';
grant execute on function logic.signing_keys to service;
