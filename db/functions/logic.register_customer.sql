create function logic.register_customer(
  email text, password_hash text, first_name text, last_name text, guest_session uuid default null, counter integer default null
) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  customer shop.customers;
  address text := lower(btrim(email));
begin
  insert into shop.customers (email, first_name, last_name)
  values (address, btrim(register_customer.first_name), btrim(register_customer.last_name))
  on conflict on constraint customers_email_key do nothing
  returning * into customer;
  if customer.id is null then
    -- The caller must not learn that the address is taken; its owner does.
    perform logic.emit('customer.address_taken', jsonb_build_object('customer_id', c.id))
    from shop.customers c where c.email = address;
    customer.id := gen_random_uuid();
    customer.created_at := now();
  else
    insert into auth.accounts (id, password_hash) values (customer.id, register_customer.password_hash);
    update auth.accounts a set heir_id = customer.id where a.id = logic.guest_of(guest_session, counter);
    perform logic.emit('customer.registered', jsonb_build_object('customer_id', customer.id));
  end if;
  return jsonb_build_object(
    'id', customer.id, 'email', address, 'first_name', btrim(register_customer.first_name),
    'last_name', btrim(register_customer.last_name), 'created_at', customer.created_at
  );
exception when check_violation then
  perform logic.problem(422, 'validation_failed', 'A name or the address is too long or malformed.');
  return null;
end;
$$;
comment on function logic.register_customer is 'Makes a customer with an account. For a taken address nothing is made, the answer looks the same, and its owner gets a mail. A guest who registers leaves the cart to the new account, which gets it when it first signs in: at once would tell that the address was free.';
grant execute on function logic.register_customer to service;
