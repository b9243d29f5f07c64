create function logic.has_second_factor(account_id uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from auth.second_factors f where f.account_id = has_second_factor.account_id and f.confirmed_at is not null
  );
end;
$$;
comment on function logic.has_second_factor is 'Whether the password alone is not enough for this account.';
