create function logic.find_login(email text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'account_id', a.id, 'password_hash', a.password_hash, 'is_active', a.is_active, 'role', a.role,
      'has_second_factor', logic.has_second_factor(a.id)
    )
    from shop.customers c join auth.accounts a on a.id = c.id
    where c.email = lower(btrim(find_login.email))
  );
end;
$$;
comment on function logic.find_login is 'What is needed to check a password, null for an unknown address.';
grant execute on function logic.find_login to service;
