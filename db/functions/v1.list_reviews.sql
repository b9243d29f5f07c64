create function v1.list_reviews(slug text, is_approved text default '', page text default '', page_size text default '')
returns json
language plpgsql stable set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
  approved boolean := lower(is_approved) not in ('false', '0');
  product uuid := logic.find_product(slug);
begin
  return logic.envelope(
    case when approved then (select p.review_count from shop.products p where p.id = product)
      else (select count(*) from shop.reviews r where r.product_id = product and not r.is_approved) end,
    page, page_size,
    logic.reviews_json(product, approved, wanted.size, wanted.skip)
  );
end;
$$;
comment on function v1.list_reviews is $$Reviews of a product
A page of the approved ones, the newest first. With is_approved=false those that wait: staff sees all, others their own. Errors: 404 product_not_found, invalid_page.$$;
grant execute on function v1.list_reviews to anon, customer;
