create function logic.set_role(email text, role text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  update auth.accounts a set role = set_role.role
  from shop.customers c where c.id = a.id and c.email = lower(btrim(set_role.email));
  return found;
end;
$$;
comment on function logic.set_role is 'Changes what an account may do, from its next request on (tokens carry the role and are refused when it differs). False if there is no such account.';
