create function logic.emit_to(roles text[], topic text, payload jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  told integer;
begin
  -- One row a person: what could not be sent to one is tried again for that one only.
  perform logic.emit(topic, payload || jsonb_build_object('customer_id', c.id))
  from auth.accounts a join shop.customers c on c.id = a.id
  where a.role = any (roles) and a.is_active and c.email is not null;
  get diagnostics told = row_count;
  return told;
end;
$$;
comment on function logic.emit_to is 'Leaves a mail for everybody who works here in one of these roles. Returns for how many.';
