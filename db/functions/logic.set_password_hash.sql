create function logic.set_password_hash(account_id uuid, known_hash text, password_hash text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  -- Only in place of the one that was checked: meanwhile the password may have been changed.
  update auth.accounts a set password_hash = set_password_hash.password_hash
  where a.id = account_id and a.password_hash = known_hash;
end;
$$;
comment on function logic.set_password_hash is 'Stores the same password hashed with today''s parameters.';
grant execute on function logic.set_password_hash to service;
