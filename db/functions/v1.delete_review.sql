create function v1.delete_review() returns void
language plpgsql set search_path = '' as $$
declare
  product uuid := logic.path_product();
begin
  -- Whose it may be, the policies say.
  delete from shop.reviews r where r.id = logic.path_id() and r.product_id = product;
  if not found then
    perform logic.problem(404, 'review_not_found', 'There is no such review of yours.');
  end if;
end;
$$;
comment on function v1.delete_review is $$Delete a review
One's own, or any by staff. Errors: 404 product_not_found, review_not_found.$$;
grant execute on function v1.delete_review to customer;
