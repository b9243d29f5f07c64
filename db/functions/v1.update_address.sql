create function v1.update_address(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{
    "address_line1": "text", "address_line2": "text", "city": "text", "state": "text", "postal_code": "text",
    "country": "text", "address_type": "text", "is_default": "boolean"
  }', (select logic.address_json(a)::jsonb from shop.addresses a where a.id = logic.path_id()));
  changed shop.addresses;
begin
  update shop.addresses a set
    address_line1 = coalesce(given ->> 'address_line1', a.address_line1),
    address_line2 = coalesce(given ->> 'address_line2', a.address_line2),
    city = coalesce(given ->> 'city', a.city),
    state = coalesce(given ->> 'state', a.state),
    postal_code = coalesce(given ->> 'postal_code', a.postal_code),
    country = coalesce(given ->> 'country', a.country),
    address_type = coalesce(given ->> 'address_type', a.address_type),
    is_default = coalesce((given ->> 'is_default')::boolean, a.is_default)
  where a.id = logic.path_id() and a.customer_id = (select shop.current_user_id())
  returning * into changed;
  if changed.id is null then
    perform logic.problem(404, 'address_not_found', 'There is no such address.');
  end if;
  return logic.address_json(changed);
end;
$$;
comment on function v1.update_address is $$Change an address
What is left out stays. Errors: 404 address_not_found, 422 validation_failed.$$;
grant execute on function v1.update_address to customer;
