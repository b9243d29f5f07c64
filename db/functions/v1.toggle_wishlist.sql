create function v1.toggle_wishlist(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"product_id": "uuid", "product": "uuid"}');
  product uuid := coalesce(given ->> 'product_id', given ->> 'product');
  is_there boolean;
begin
  if product is null then
    perform logic.problem(
      422, 'validation_failed', 'Some fields are missing or wrong.', '{"product_id": ["This field is required."]}'
    );
  end if;
  delete from shop.wishlist_items w where w.product_id = product and w.customer_id = (select shop.current_user_id());
  is_there := found;
  if not is_there then
    if not exists (select from shop.products p where p.id = product and p.is_active) then
      perform logic.problem(404, 'product_not_found', 'There is no such product.');
    end if;
    insert into shop.wishlist_items (product_id) values (product) on conflict do nothing;
  end if;
  return json_build_object('product_id', product, 'is_in_wishlist', not is_there);
end;
$$;
comment on function v1.toggle_wishlist is $$Wish for a product, or no longer
Field: product_id. Answers whether it is in my wishlist now. Not for guests. Errors: 404 product_not_found, 422 validation_failed.$$;
grant execute on function v1.toggle_wishlist to customer;
