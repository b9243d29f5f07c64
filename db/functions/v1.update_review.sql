create function v1.update_review(json) returns json
language plpgsql set search_path = '' as $$
declare
  given jsonb := logic.check_body(
    $1, '{"rating": "integer", "title": "text", "comment": "text"}',
    (select logic.review_json(r)::jsonb from api.reviews r where r.id = logic.path_id())
  );
  product uuid := logic.path_product();
  changed uuid;
begin
  update shop.reviews r set
    rating = coalesce((given ->> 'rating')::smallint, r.rating),
    title = coalesce(given ->> 'title', r.title),
    comment = coalesce(given ->> 'comment', r.comment)
  where r.id = logic.path_id() and r.product_id = product and r.customer_id = (select shop.current_user_id())
  returning r.id into changed;
  if changed is null then
    perform logic.problem(404, 'review_not_found', 'There is no such review of yours.');
  end if;
  return (select logic.review_json(r) from api.reviews r where r.id = changed);
end;
$$;
comment on function v1.update_review is $$Change my review
What is left out stays; it waits for approval again. Errors: 404 product_not_found, review_not_found, 422 validation_failed.$$;
grant execute on function v1.update_review to customer;
