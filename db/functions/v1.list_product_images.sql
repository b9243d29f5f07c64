create function v1.list_product_images(slug text, page text default '', page_size text default '') returns json
language plpgsql stable set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
  product uuid := logic.find_product(slug);
begin
  return logic.envelope(
    (select count(*) from shop.product_images g where g.product_id = product), page, page_size,
    (
      select coalesce(json_agg(logic.image_json(g) order by g.is_primary desc, g.sort_order, g.id), '[]')
      from (
        select g.* from shop.product_images g where g.product_id = product
        order by g.is_primary desc, g.sort_order, g.id limit wanted.size offset wanted.skip
      ) g
    )
  );
end;
$$;
comment on function v1.list_product_images is $$Pictures of a product
A page of them, the primary one first. `thumbnails` fills a moment after an upload. Errors: 404 product_not_found, 404 invalid_page.$$;
grant execute on function v1.list_product_images to anon, customer;
