create function logic.change_password(account_id uuid, known_hash text, password_hash text, session_id uuid) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  perform from auth.accounts a where a.id = account_id and a.password_hash = known_hash for update;
  if found then
    perform logic.set_password(account_id, change_password.password_hash, 'password changed', session_id);
    return true;
  end if;
  return false;
end;
$$;
comment on function logic.change_password is
  'A new password for somebody whose old one was checked. False if it is no longer the one that was checked.';
grant execute on function logic.change_password to service;
