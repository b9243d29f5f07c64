create function api.set_account_active(account_id uuid, is_active boolean) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not logic.set_active(account_id, is_active) then
    perform logic.problem(404, 'customer_not_found', 'There is no such customer.');
  end if;
end;
$$;
comment on function api.set_account_active is $$Ban an account, or let it in again
For admins. A ban acts on the account's next request, and its sessions stay ended afterwards. Arguments: account_id, is_active. Errors: 404 customer_not_found.$$;
grant execute on function api.set_account_active to admin;
