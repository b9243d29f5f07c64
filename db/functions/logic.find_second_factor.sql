create function logic.find_second_factor(account_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'account_id', a.id, 'role', a.role, 'email', c.email, 'password_hash', a.password_hash,
      'secret', encode(f.secret, 'hex'), 'is_confirmed', f.confirmed_at is not null
    )
    from auth.accounts a join shop.customers c on c.id = a.id left join auth.second_factors f on f.account_id = a.id
    where a.id = find_second_factor.account_id and a.is_active
  );
end;
$$;
comment on function logic.find_second_factor is 'What the service needs to check a code, null for an account that is not there or switched off.';
grant execute on function logic.find_second_factor to service;
