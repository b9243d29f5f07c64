create function v1.update_cart_item(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"quantity": "integer!"}');
begin
  perform api.update_cart_item(logic.path_id(), (given ->> 'quantity')::integer);
  return v1.get_cart();
end;
$$;
comment on function v1.update_cart_item is $$Change a line of my cart
Field: quantity. Answers with the cart. Errors: 404 cart_item_not_found, 409 insufficient_stock, 422 validation_failed.$$;
grant execute on function v1.update_cart_item to customer;
