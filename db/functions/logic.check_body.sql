create function logic.check_body(body json, spec jsonb, shown jsonb default '{}') returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  given jsonb := body::jsonb;
  mistakes jsonb := '{}';
  field text;
  rule text;
  kind text;
  plain text;
  mistake text;
begin
  if jsonb_typeof(given) is distinct from 'object' then
    perform logic.problem(422, 'validation_failed', 'The body must be a JSON object.');
  end if;
  -- Many clients send back the whole of what they were shown, changed in one place.
  given := given - array(
    select e.key from jsonb_each(shown) e where e.value = given -> e.key or e.key = 'updated_at' and not spec ? e.key
  );
  for field in select jsonb_object_keys(given - array(select jsonb_object_keys(spec))) loop
    mistakes := mistakes || jsonb_build_object(left(field, 100), jsonb_build_array(
      case when shown ? field then 'This cannot be changed.' else 'This field is not known here.' end
    ));
  end loop;
  for field, rule in select key, value from jsonb_each_text(spec) loop
    kind := rtrim(rule, '!');
    plain := given ->> field;
    mistake := case
      when plain is null then case when right(rule, 1) = '!' then 'This field is required.' end
      when kind in ('object', 'array') then
        case when jsonb_typeof(given -> field) <> kind then format('Must be an %s.', kind) end
      when kind = 'address' then
        case when jsonb_typeof(given -> field) not in ('object', 'string') then 'Must be an id or an object.' end
      when jsonb_typeof(given -> field) in ('object', 'array') then format('Must be a %s.', kind)
      when kind = 'text' then
        case when jsonb_typeof(given -> field) <> 'string' then 'Must be a string.' end
      when kind = 'uuid' then
        case when logic.to_uuid(plain) is null then 'Must be an id.' end
      when kind = 'integer' then
        case when plain !~ '^-?[0-9]{1,9}$' then 'Must be an integer.' end
      when kind = 'money' then
        case when plain !~ '^-?[0-9]{1,9}(\.[0-9]{1,2})?$' then 'Must be an amount with at most two decimals.' end
      when kind = 'number' then
        case when plain !~ '^-?[0-9]{1,9}(\.[0-9]{1,6})?$' then 'Must be a number.' end
      when kind = 'boolean' then
        case when jsonb_typeof(given -> field) <> 'boolean' then 'Must be true or false.' end
      when kind = 'date' then
        case when plain !~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
          or substr(plain, 9, 2)::integer > extract(day from (left(plain, 7) || '-01')::date + interval '1 month - 1 day')
          then 'Must be a date, YYYY-MM-DD.' end
    end;
    if mistake is not null then
      mistakes := mistakes || jsonb_build_object(field, jsonb_build_array(mistake));
    end if;
  end loop;
  if mistakes <> '{}' then
    perform logic.problem(422, 'validation_failed', 'Some fields are missing or wrong.', mistakes::text);
  end if;
  return given;
end;
$$;
comment on function logic.check_body is 'Checks a JSON body against {field: kind}, kind being text, uuid, integer, money, number, boolean, date, object, array or address, with ! when required. What equals `shown`, the thing as the caller was shown it, is no change and left out. Raises 422 validation_failed with every mistake by field; unknown fields are mistakes.';
grant execute on function logic.check_body to anon, customer;
