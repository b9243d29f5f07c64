create function logic.create_user(email text, password_hash text, role text, first_name text default '', last_name text default '')
returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  made uuid;
begin
  insert into shop.customers (email, first_name, last_name, is_email_verified)
  values (lower(btrim(create_user.email)), create_user.first_name, create_user.last_name, true)
  returning id into made;
  insert into auth.accounts (id, password_hash, role) values (made, create_user.password_hash, create_user.role);
  return made;
end;
$$;
comment on function logic.create_user is 'Makes an account of any role; for the command line, as owner.';
