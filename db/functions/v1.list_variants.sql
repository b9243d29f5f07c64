create function v1.list_variants(slug text, page text default '', page_size text default '') returns json
language plpgsql stable set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
  product uuid := logic.find_product(slug);
begin
  return logic.envelope(
    (select count(*) from shop.product_variants v where v.product_id = product and not v.is_default), page, page_size,
    logic.variants_json(product, null, wanted.size, wanted.skip)
  );
end;
$$;
comment on function v1.list_variants is $$Variants of a product
A page of them, the oldest first. Errors: 404 product_not_found, invalid_page.$$;
grant execute on function v1.list_variants to anon, customer;
