create function logic.path_id() returns uuid
language plpgsql stable set search_path = '' as $$
begin
  return logic.to_uuid(logic.header('x-path-id'));
end;
$$;
comment on function logic.path_id is 'The {id} of the URL, which the gateway hands to writing calls in a header.';
grant execute on function logic.path_id to anon, customer;
