create function v1.remove_cart_item() returns void
language plpgsql set search_path = '' as $$
begin
  perform api.remove_from_cart(logic.path_id());
end;
$$;
comment on function v1.remove_cart_item is $$Remove a line from my cart
Errors: 404 cart_item_not_found.$$;
grant execute on function v1.remove_cart_item to customer;
