create function v1.create_address(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{
    "address_line1": "text!", "address_line2": "text", "city": "text!", "state": "text", "postal_code": "text!",
    "country": "text!", "address_type": "text", "is_default": "boolean"
  }');
  made shop.addresses;
begin
  insert into shop.addresses (
    address_line1, address_line2, city, state, postal_code, country, address_type, is_default
  )
  values (
    given ->> 'address_line1', coalesce(given ->> 'address_line2', ''), given ->> 'city',
    coalesce(given ->> 'state', ''), given ->> 'postal_code', given ->> 'country',
    coalesce(given ->> 'address_type', 'shipping'), coalesce((given ->> 'is_default')::boolean, false)
  )
  returning * into made;
  perform set_config('response.status', '201', true);
  return logic.address_json(made);
end;
$$;
comment on function v1.create_address is $$Add an address
Fields: address_line1, city, postal_code, country; address_line2, state, address_type (shipping or billing), is_default. Errors: 422 validation_failed.$$;
grant execute on function v1.create_address to customer;
