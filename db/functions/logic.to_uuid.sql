create function logic.to_uuid(value text) returns uuid
language sql immutable
return case when value ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then value::uuid end;
comment on function logic.to_uuid is 'The uuid in a text from outside, or null: what is no id names nothing.';
grant execute on function logic.to_uuid to anon, customer;
