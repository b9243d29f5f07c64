create function logic.use_api_key(key_hash bytea) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  used auth.api_keys;
begin
  update auth.api_keys k set last_used_at = now()
  where k.key_hash = use_api_key.key_hash and k.revoked_at is null and k.expires_at > now()
  returning * into used;
  if used.id is not null then
    -- The key stands where an account and its session would: what a token of it says, check_session looks up here.
    return jsonb_build_object(
      'session_id', used.id, 'account_id', used.id, 'role', 'integration', 'email', null, 'scopes', used.scopes
    );
  end if;
  return null;
end;
$$;
comment on function logic.use_api_key is 'What the service needs to make a token for a key, null for one that is unknown, revoked or expired.';
grant execute on function logic.use_api_key to service;
