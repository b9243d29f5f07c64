create function logic.create_guest(device text, address inet, ttl_seconds integer) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  made uuid;
begin
  insert into shop.customers (is_guest) values (true) returning id into made;
  insert into auth.accounts (id) values (made);
  return logic.open_session(made, device, address, ttl_seconds);
end;
$$;
comment on function logic.create_guest is 'Makes somebody without address and password, who has a cart, and begins their only session.';
grant execute on function logic.create_guest to service;
