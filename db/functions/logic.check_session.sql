create function logic.check_session(claims jsonb) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if claims ->> 'aud' is distinct from 'pgshop' or claims ->> 'token_type' is distinct from 'access'
    -- PostgREST never looks at the issuer.
    or claims ->> 'iss' is distinct from 'pgshop' or coalesce(claims ->> 'jti', '') = ''
    or jsonb_typeof(claims -> 'exp') is distinct from 'number' or (claims ->> 'exp')::numeric < extract(epoch from now())
    or not exists (
      select from auth.sessions s join auth.accounts a on a.id = s.account_id
      where s.id = logic.to_uuid(claims ->> 'sid') and a.id = logic.to_uuid(claims ->> 'sub')
        and s.ended_at is null and s.expires_at > now() and a.is_active and a.role = claims ->> 'role'
    )
  then
    perform logic.problem(
      401, 'token_invalid', 'The access token is not valid any more.', null, 'Sign in or refresh.',
      '{"WWW-Authenticate": "Bearer error=\"invalid_token\""}'
    );
  end if;
end;
$$;
comment on function logic.check_session is
  'Refuses a token that lacks a claim or whose session, account or role is no longer what it says. Raises 401 token_invalid.';
grant execute on function logic.check_session to anon, customer, service;
