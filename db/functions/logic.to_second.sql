create function logic.to_second(value jsonb) returns bigint
language sql immutable
return case when jsonb_typeof(value) = 'number' and value::text ~ '^[0-9]{1,10}$' then value::text::bigint end;
comment on function logic.to_second is 'The whole second since 1970 in a claim from outside, or null: a time is no text, no fraction and not for ever.';
