create function logic.remove_second_factor(account_id uuid) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from auth.second_factors f where f.account_id = remove_second_factor.account_id;
  return found;
end;
$$;
comment on function logic.remove_second_factor is 'From now on the password is enough again. False if there was no second factor.';
grant execute on function logic.remove_second_factor to service;
