create function v1.approve_review() returns json
language plpgsql set search_path = '' as $$
declare
  product uuid := logic.path_product();
begin
  update shop.reviews r set is_approved = true where r.id = logic.path_id() and r.product_id = product;
  if not found then
    perform logic.problem(404, 'review_not_found', 'There is no such review.');
  end if;
  return (select logic.review_json(r) from api.reviews r where r.id = logic.path_id());
end;
$$;
comment on function v1.approve_review is $$Approve a review
For staff: from now on it is shown and counted. Errors: 404 product_not_found, review_not_found.$$;
grant execute on function v1.approve_review to staff;
