create function logic.address_json(address shop.addresses) returns json
language sql stable
return json_build_object(
  'id', address.id, 'address_line1', address.address_line1, 'address_line2', address.address_line2,
  'city', address.city, 'state', address.state, 'postal_code', address.postal_code, 'country', address.country,
  'address_type', address.address_type, 'is_default', address.is_default
);
comment on function logic.address_json is 'An address as /api/v1 shows it.';
grant execute on function logic.address_json to customer;
