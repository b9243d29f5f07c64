create function logic.check_session(claims jsonb) returns void
language plpgsql stable security definer set search_path = '' as $$
declare
  instant numeric := extract(epoch from now());
  issued bigint := logic.to_second(claims -> 'iat');
  expires bigint := logic.to_second(claims -> 'exp');
begin
  -- From the first second, although PostgREST forgives 30: clients refresh on this one and sign out on the other.
  if expires < instant then
    perform logic.problem(
      401, 'token_expired', 'The access token''s time is up.', null, 'Refresh.',
      '{"WWW-Authenticate": "Bearer error=\"invalid_token\""}'
    );
  end if;
  if claims ->> 'aud' is distinct from 'pgshop' or claims ->> 'token_type' is distinct from 'access'
    -- PostgREST never looks at the issuer.
    or claims ->> 'iss' is distinct from 'pgshop' or coalesce(claims ->> 'jti', '') = ''
    or jsonb_typeof(claims -> 'jti') <> 'string'
    -- PostgREST looks at iat not at all. The clocks of our own servers may differ by a little.
    or not coalesce(expires >= instant and expires <= issued + 3600 and issued <= instant + 5, false)
    -- We never say from when on a token holds.
    or claims ? 'nbf'
    or not (case when claims ->> 'role' = 'integration' then exists (
      select from auth.api_keys k
      where k.id = logic.to_uuid(claims ->> 'sid') and k.id = logic.to_uuid(claims ->> 'sub')
        and k.revoked_at is null and k.expires_at > now() and to_jsonb(k.scopes) = claims -> 'scopes'
    ) else not claims ? 'scopes' and exists (
      select from auth.sessions s join auth.accounts a on a.id = s.account_id
      where s.id = logic.to_uuid(claims ->> 'sid') and a.id = logic.to_uuid(claims ->> 'sub')
        and s.ended_at is null and s.expires_at > now() and a.is_active and a.role = claims ->> 'role'
    ) end)
  then
    perform logic.problem(
      401, 'token_invalid', 'The access token is not valid any more.', null, 'Sign in or refresh.',
      '{"WWW-Authenticate": "Bearer error=\"invalid_token\""}'
    );
  end if;
end;
$$;
comment on function logic.check_session is
  'Refuses a token that lacks a claim, or whose session, account, role or API key is no longer what it says. Raises 401 token_expired, token_invalid.';
grant execute on function logic.check_session to anon, customer, service;
