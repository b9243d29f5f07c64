create function v1.delete_address() returns void
language plpgsql set search_path = '' as $$
begin
  delete from shop.addresses a where a.id = logic.path_id() and a.customer_id = (select shop.current_user_id());
  if not found then
    perform logic.problem(404, 'address_not_found', 'There is no such address.');
  end if;
end;
$$;
comment on function v1.delete_address is $$Remove an address
Orders keep theirs. Errors: 404 address_not_found.$$;
grant execute on function v1.delete_address to customer;
