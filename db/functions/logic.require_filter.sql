create function logic.require_filter(is_valid boolean, field text, message text) returns void
language plpgsql stable set search_path = '' as $$
begin
  if is_valid is not true then
    perform logic.problem(
      400, 'invalid_filter', 'A filter has a value that it cannot have.',
      jsonb_build_object(field, jsonb_build_array(message))::text
    );
  end if;
end;
$$;
comment on function logic.require_filter is 'Refuses a query parameter. Raises 400 invalid_filter with the parameter and why.';
grant execute on function logic.require_filter to anon, customer;
