create function v1.add_cart_item(json) returns json
language plpgsql set search_path = '' as $$
declare
  -- Both spellings are in use: the model's field and the id's.
  given jsonb := logic.check_body($1, '{
    "product": "uuid", "product_id": "uuid", "variant": "uuid", "variant_id": "uuid", "quantity": "integer"
  }');
  product uuid := coalesce(given ->> 'product_id', given ->> 'product');
begin
  if product is null then
    perform logic.problem(
      422, 'validation_failed', 'Some fields are missing or wrong.', '{"product_id": ["This field is required."]}'
    );
  end if;
  perform api.add_to_cart(
    product, coalesce(given ->> 'variant_id', given ->> 'variant')::uuid, coalesce((given ->> 'quantity')::integer, 1)
  );
  perform set_config('response.status', '201', true);
  return v1.get_cart();
end;
$$;
comment on function v1.add_cart_item is $$Add to my cart
Fields: product_id, variant_id (for products with variants), quantity (1); what is there already is added to. Answers with the cart. Errors: 404 product_not_found, 409 insufficient_stock, 422 variant_required, validation_failed.$$;
grant execute on function v1.add_cart_item to customer;
