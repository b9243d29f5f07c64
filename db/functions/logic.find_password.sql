create function logic.find_password(account_id uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (select a.password_hash from auth.accounts a where a.id = account_id);
end;
$$;
comment on function logic.find_password is 'The hash to check the password of somebody who is signed in against.';
grant execute on function logic.find_password to service;
