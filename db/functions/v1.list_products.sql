create function v1.list_products(
  category text default '', price_min text default '', price_max text default '', in_stock text default '',
  is_featured text default '', is_active text default '', name text default '', search text default '',
  brand text default '', options text default '', min_rating text default '',
  ordering text default '', page text default '', page_size text default '', after text default null
) returns json
language plpgsql stable set search_path = '' as $$
declare
  found record := logic.find_products(
    logic.product_filters(
      category, price_min, price_max, in_stock, is_featured, is_active, name, search, brand, options, min_rating
    ), ordering, page, page_size, after
  );
begin
  return logic.envelope(
    found.total, case when after is null then page else '' end, page_size,
    (
      select coalesce(json_agg(json_build_object(
        'id', p.id, 'name', p.name, 'slug', p.slug, 'brand', p.brand, 'price', p.price::text,
        -- A column with two decimals says the same as logic.money, without forty calls of it.
        'compare_price', p.compare_price::text, 'currency', t.currency, 'stock_quantity', p.stock_quantity,
        'is_in_stock', p.is_in_stock, 'is_featured', p.is_featured,
        'category', case when c.id is not null then json_build_object('id', c.id, 'name', c.name, 'slug', c.slug) end,
        'images', (
          select coalesce(json_agg(logic.image_json(g) order by g.is_primary desc, g.sort_order, g.id), '[]')
          from shop.product_images g where g.product_id = p.id
        ),
        'has_variants', exists (
          select from shop.product_variants v where v.product_id = p.id and v.is_active and not v.is_default
        ),
        'average_rating', p.average_rating, 'review_count', p.review_count,
        'created_at', p.created_at
      ) order by chosen.position), '[]')
      from unnest(found.ids) with ordinality chosen (id, position)
      join api.products p on p.id = chosen.id
      left join shop.categories c on c.id = p.category_id
      cross join shop.settings t
    ),
    found.is_estimate, found.has_more is true, found.cursor
  );
end;
$$;
comment on function v1.list_products is $$Products
A page of the active ones. Filters, all of which combine: category (id or slug, with all below it), price_min, price_max, in_stock, is_featured, name (part of it), brand, options (such as color:Moss,size:L), min_rating, search (the beginnings of words in name, brand, category, SKU or description, typing errors forgiven); staff may ask for is_active=false.
Ordering: price, name, created_at (each also with -), rating, popularity; else the best match of a search, and the newest first. next goes on by page, and beyond row 10,000 by after; ?after= with nothing pages by it from the start, at the same speed on every page. A count above 10,000 is an estimate, marked by count_is_estimate.
Errors: 400 invalid_filter, 404 invalid_page.$$;
grant execute on function v1.list_products to anon, customer;
