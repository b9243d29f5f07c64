create function v1.create_api_key(json) returns json
language plpgsql security definer set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"name": "text!", "scopes": "array!", "expires_in_days": "integer"}');
  -- Three times 122 random bits, of which SHA-256 keeps 256.
  random bytea := sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
  );
  secret text := 'pgk_' || rtrim(translate(encode(random, 'base64'), '+/', '-_'), '=');
  made auth.api_keys;
  rule text;
begin
  insert into auth.api_keys (name, prefix, key_hash, scopes, created_by, expires_at)
  values (
    given ->> 'name', left(secret, 12), sha256(convert_to(secret, 'UTF8')),
    array(select distinct s from jsonb_array_elements_text(given -> 'scopes') s order by s), shop.current_user_id(),
    now() + make_interval(days => coalesce((given ->> 'expires_in_days')::integer, 90))
  )
  returning * into made;
  perform set_config('response.status', '201', true);
  return logic.api_key_json(made) || jsonb_build_object('key', secret);
exception when check_violation or datetime_field_overflow then
  get stacked diagnostics rule = constraint_name;
  perform logic.problem(
    422, 'validation_failed', 'Some fields are missing or wrong.',
    case rule
      when 'api_keys_name_is_one_line' then '{"name": ["Must be one line of 1 to 100 characters."]}'
      when 'api_keys_scopes_are_known' then '{"scopes": ["Must be some of read_catalogue, manage_stock, read_orders."]}'
      else '{"expires_in_days": ["Must be 1 to 366."]}'
    end
  );
end;
$$;
comment on function v1.create_api_key is $$Make an API key
For admins. Fields: name, scopes (some of read_catalogue, manage_stock, read_orders), expires_in_days (90; at most 366). The answer shows the key, this once. Errors: 422 validation_failed.$$;
grant execute on function v1.create_api_key to admin;
