create function logic.set_password_hash(account_id uuid, password_hash text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  update auth.accounts set password_hash = set_password_hash.password_hash where id = account_id;
end;
$$;
comment on function logic.set_password_hash is 'Stores the same password hashed with today''s parameters.';
grant execute on function logic.set_password_hash to service;
