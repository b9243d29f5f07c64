create function logic.address_snapshot(given jsonb, field text, customer_id uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  known constant text[] := '{address_line1,address_line2,city,state,postal_code,country}';
  person constant text[] := '{first_name,last_name,full_name,phone_number,phone}';
  foreign_fields text[];
  required constant text[] := '{address_line1,city,postal_code,country}';
  snapshot jsonb;
  mistake text;
begin
  if jsonb_typeof(given) = 'string' then
    select jsonb_build_object(
      'address_line1', a.address_line1, 'address_line2', a.address_line2, 'city', a.city, 'state', a.state,
      'postal_code', a.postal_code, 'country', a.country
    ) into snapshot
    from shop.addresses a where a.id = logic.to_uuid(given #>> '{}') and a.customer_id = address_snapshot.customer_id;
    if snapshot is null then
      perform logic.problem(404, 'address_not_found', 'There is no such address.');
    end if;
    return snapshot;
  end if;
  -- Who sends a whole address as the list of addresses shows it means what is on the parcel.
  if jsonb_typeof(given) = 'object' then
    given := given - '{id,address_type,is_default}'::text[];
    foreign_fields := array(select jsonb_object_keys(given - known - person));
  end if;
  mistake := case
    when jsonb_typeof(given) is distinct from 'object' then 'Must be the id of an address or an address.'
    when foreign_fields <> '{}' then format('Has fields that an address does not have: %s.', left(array_to_string(foreign_fields, ', '), 200))
    when exists (select from unnest(required) r where coalesce(btrim(given ->> r), '') = '')
      then 'Needs address_line1, city, postal_code and country.'
    when exists (select from jsonb_each(given) e where jsonb_typeof(e.value) not in ('string', 'null') or length(e.value #>> '{}') > 255)
      then 'Consists of texts of at most 255 characters.'
  end;
  if mistake is not null then
    perform logic.problem(
      422, 'validation_failed', 'Some fields are missing or wrong.', jsonb_build_object(field, jsonb_build_array(mistake))::text
    );
  end if;
  return given;
end;
$$;
comment on function logic.address_snapshot is 'The address that an order keeps, from the id of one of the customer''s or from an object. Raises 404 address_not_found, 422 validation_failed.';
