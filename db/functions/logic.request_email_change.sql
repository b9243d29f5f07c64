create function logic.request_email_change(account_id uuid, known_hash text, email text, attempts integer) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
  wanted text := lower(btrim(request_email_change.email));
begin
  update auth.accounts a set wanted_email = wanted where a.id = account_id and a.password_hash = known_hash;
  if found and logic.throttle('mail change_email ' || wanted, attempts, 3600) = 0 then
    perform logic.emit('account.change_email', jsonb_build_object('customer_id', account_id));
    perform logic.emit('account.change_notice', jsonb_build_object('customer_id', account_id));
  end if;
  return exists (select from auth.accounts a where a.id = account_id and a.wanted_email = wanted);
end;
$$;
comment on function logic.request_email_change is 'Remembers the address that an account wants and has it asked; the old one is told. False if the password is no longer the one that was checked.';
grant execute on function logic.request_email_change to service;
