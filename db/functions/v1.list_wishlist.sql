create function v1.list_wishlist(page text default '', page_size text default '') returns json
language plpgsql stable set search_path = '' as $$
declare
  wanted record := logic.page(page, page_size);
  me uuid := shop.current_user_id();
begin
  return logic.envelope(
    (
      select count(*) from shop.wishlist_items w join shop.products p on p.id = w.product_id
      where w.customer_id = me and p.is_active
    ), page, page_size,
    (
      select coalesce(json_agg(json_build_object(
        'product', json_build_object(
          'id', p.id, 'name', p.name, 'slug', p.slug, 'price', logic.money(p.price),
          'compare_price', logic.money(p.compare_price), 'images', logic.images_json(p.id),
          'stock_quantity', p.stock_quantity, 'is_in_stock', p.is_in_stock, 'average_rating', p.average_rating,
          'review_count', p.review_count
        ),
        'created_at', w.created_at
      ) order by w.created_at desc, w.product_id), '[]')
      from (
        select w.* from shop.wishlist_items w join shop.products p on p.id = w.product_id
        where w.customer_id = me and p.is_active
        order by w.created_at desc, w.product_id limit wanted.size offset wanted.skip
      ) w
      join api.products p on p.id = w.product_id
    )
  );
end;
$$;
comment on function v1.list_wishlist is $$My wishlist
A page of what I would like to have and is sold, the newest first. Errors: 404 invalid_page.$$;
grant execute on function v1.list_wishlist to customer;
