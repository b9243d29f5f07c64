create function logic.postgrest_settings() returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform set_config('pgrst.jwt_secret', jsonb_build_object('keys', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'kty', 'OKP', 'crv', 'Ed25519', 'alg', 'EdDSA', 'use', 'sig', 'kid', k ->> 'kid', 'x', k ->> 'x'
    )), '[]')
    from jsonb_array_elements(logic.signing_keys()) k
  ))::text, true);
end;
$$;
comment on function logic.postgrest_settings is 'PostgREST asks this at its start and after each notify pgrst, ''reload config'': the keys of the day.';
grant execute on function logic.postgrest_settings to authenticator;
