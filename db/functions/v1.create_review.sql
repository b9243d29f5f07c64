create function v1.create_review(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body($1, '{"rating": "integer!", "title": "text", "comment": "text"}');
  product uuid := logic.path_product();
  made uuid;
begin
  insert into shop.reviews (product_id, rating, title, comment)
  values (
    product, (given ->> 'rating')::smallint, coalesce(given ->> 'title', ''), coalesce(given ->> 'comment', '')
  )
  on conflict on constraint reviews_one_per_customer_and_product do nothing
  returning id into made;
  if made is null then
    perform logic.problem(409, 'review_exists', 'You have reviewed this product; change that review.');
  end if;
  perform set_config('response.status', '201', true);
  return (select logic.review_json(r) from api.reviews r where r.id = made);
end;
$$;
comment on function v1.create_review is $$Review a product
Fields: rating (1 to 5); title, comment. It is shown once approved, and says whether the product was bought. Not for guests. Errors: 404 product_not_found, 409 review_exists, 422 validation_failed.$$;
grant execute on function v1.create_review to customer;
