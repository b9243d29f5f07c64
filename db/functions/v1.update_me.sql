create function v1.update_me(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body(
    $1, '{"first_name": "text", "last_name": "text", "phone_number": "text", "date_of_birth": "date", "bio": "text"}',
    v1.get_me()::jsonb
  );
begin
  update shop.customers c set
    first_name = coalesce(given ->> 'first_name', c.first_name),
    last_name = coalesce(given ->> 'last_name', c.last_name),
    phone_number = coalesce(given ->> 'phone_number', c.phone_number),
    bio = coalesce(given ->> 'bio', c.bio),
    date_of_birth = case when given ? 'date_of_birth' then (given ->> 'date_of_birth')::date else c.date_of_birth end
  where c.id = (select shop.current_user_id());
  return v1.get_me();
end;
$$;
comment on function v1.update_me is $$Change my profile
Fields: first_name, last_name, phone_number, date_of_birth, bio (1,000 characters at most); what is left out stays. Errors: 422 validation_failed.$$;
grant execute on function v1.update_me to customer;
