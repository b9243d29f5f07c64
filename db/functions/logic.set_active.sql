create function logic.set_active(account_id uuid, is_active boolean) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update auth.accounts a set is_active = set_active.is_active where a.id = set_active.account_id;
  if found and not set_active.is_active then
    -- Else they would be alive again on the day that the account is.
    perform logic.end_sessions(account_id, 'banned');
  end if;
  return found;
end;
$$;
comment on function logic.set_active is 'Bans an account, which ends its sessions for good, or lets it sign in again. False if there is no such account.';
