create function logic.keyset_bound(after text, sort_key text, direction text) returns text
language plpgsql stable set search_path = '' as $$
declare
  cursor json;
begin
  begin
    cursor := convert_from(decode(rpad(translate(after, '-_', '+/'), (length(after) + 3) / 4 * 4, '='), 'base64'), 'UTF8');
  exception when data_exception then
    cursor := '[]';
  end;
  perform logic.require_filter(
    json_typeof(cursor) = 'array' and cursor ->> 0 = left(md5(sort_key), 6) and logic.to_uuid(cursor ->> 2) is not null,
    'after', 'Take this from next, and keep everything else as it was.'
  );
  -- A comparison of rows is a bound in the index; one with or would be a filter over all that comes before.
  return format(
    'and (m.key, m.id) %s (%L, %L)', case direction when 'asc' then '>' else '<' end, cursor ->> 1, cursor ->> 2
  );
end;
$$;
comment on function logic.keyset_bound is
  'What `after` says, as a condition on m.key and m.id. Raises 400 invalid_filter when it is of another order or damaged.';
