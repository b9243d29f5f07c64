create function logic.tax_address(address jsonb, order_ids uuid[]) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  country text := btrim(address ->> 'country');
begin
  -- The field takes any text. A code is a country, and so is what somebody else has written, too.
  if country ~ '^[A-Za-z]{2,3}$' or exists (
    select from shop.orders o where lower(o.billing_address ->> 'country') = lower(country) and o.id <> all (order_ids)
  ) then
    return jsonb_build_object('country', country);
  end if;
  return '{}';
end;
$$;
comment on function logic.tax_address is 'What taxes need to know of an address when its person is erased: the country.';
