create function v1.revoke_api_key() returns void
language plpgsql security definer set search_path = '' as $$
begin
  update auth.api_keys k set revoked_at = now() where k.id = logic.path_id() and k.revoked_at is null;
  if not found then
    perform logic.problem(404, 'api_key_not_found', 'There is no such key.');
  end if;
end;
$$;
comment on function v1.revoke_api_key is $$Revoke an API key
For admins. Its tokens are refused from the next request on. Errors: 404 api_key_not_found.$$;
grant execute on function v1.revoke_api_key to admin;
