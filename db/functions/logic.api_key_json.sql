create function logic.api_key_json(key auth.api_keys) returns jsonb
language sql stable
return jsonb_build_object(
  'id', key.id, 'name', key.name, 'prefix', key.prefix, 'scopes', key.scopes, 'created_by', key.created_by,
  'created_at', key.created_at, 'expires_at', key.expires_at, 'last_used_at', key.last_used_at,
  'revoked_at', key.revoked_at
);
comment on function logic.api_key_json is 'An API key as /api/v1 shows it: all but the key.';
