create function v1.update_cart_item(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"quantity": "integer!"}', (
    select coalesce(jsonb_object_agg(shown.key, shown.value) filter (where shown.key <> 'quantity'), '{}')
    from jsonb_array_elements(v1.get_cart()::jsonb -> 'items') line, jsonb_each(line) shown
    where line ->> 'id' = logic.path_id()::text
  ));
begin
  perform api.update_cart_item(logic.path_id(), (given ->> 'quantity')::integer);
  return v1.get_cart();
end;
$$;
comment on function v1.update_cart_item is $$Change a line of my cart
Field: quantity; the rest of the line may stand beside it, as the cart shows it. Answers with the cart. Errors: 404 cart_item_not_found, 409 insufficient_stock, 422 validation_failed.$$;
grant execute on function v1.update_cart_item to customer;
