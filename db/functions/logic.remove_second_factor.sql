create function logic.remove_second_factor(account_id uuid, is_needed boolean default false) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from auth.second_factors f where f.account_id = remove_second_factor.account_id and f.confirmed_at is not null;
  if not found then
    return false;
  end if;
  if is_needed then
    perform logic.end_sessions(remove_second_factor.account_id, 'second factor removed');
  end if;
  perform logic.emit(
    'account.second_factor', jsonb_build_object('customer_id', remove_second_factor.account_id, 'change', 'disabled')
  );
  return true;
end;
$$;
comment on function logic.remove_second_factor is
  'From now on the password is enough again, and if that is too little, nobody stays signed in. False if there was no second factor.';
grant execute on function logic.remove_second_factor to service;
