create function v1.get_product(slug text) returns json
language plpgsql stable set search_path = '' as $$
declare
  answer json;
begin
  select json_build_object(
    'id', p.id, 'name', p.name, 'slug', p.slug, 'description', p.description, 'sku', p.sku, 'brand', p.brand,
    'price', logic.money(p.price), 'compare_price', logic.money(p.compare_price),
    'currency', (select t.currency from shop.settings t),
    'category', (
      select json_build_object('id', c.id, 'name', c.name, 'slug', c.slug) from shop.categories c where c.id = p.category_id
    ),
    'images', (
      select coalesce(json_agg(
        json_build_object('id', g.id, 'image', g.image, 'alt_text', g.alt_text, 'is_primary', g.is_primary)
        order by g.is_primary desc, g.sort_order, g.id
      ), '[]')
      from shop.product_images g where g.product_id = p.id
    ),
    'variants', (
      select coalesce(json_agg(json_build_object(
        'id', v.id, 'name', v.name, 'sku', v.sku, 'attributes', v.attributes,
        'price_modifier', logic.money(v.price_modifier), 'price', logic.money(p.price + v.price_modifier),
        'stock_quantity', s.available, 'is_in_stock', s.available > 0
      ) order by v.created_at, v.name), '[]')
      from shop.product_variants v join shop.stock s on s.variant_id = v.id
      where v.product_id = p.id and v.is_active and not v.is_default
    ),
    'reviews', (
      select coalesce(json_agg(json_build_object(
        'id', r.id, 'rating', r.rating, 'title', r.title, 'comment', r.comment, 'created_at', r.created_at
      ) order by r.created_at desc, r.id), '[]')
      from (
        select * from api.reviews r where r.product_id = p.id and r.is_approved order by r.created_at desc, r.id limit 20
      ) r
    ),
    'average_rating', p.average_rating, 'review_count', p.review_count,
    'stock_quantity', p.stock_quantity, 'is_in_stock', p.is_in_stock, 'is_featured', p.is_featured,
    'created_at', p.created_at, 'updated_at', p.updated_at
  ) into answer
  from api.products p
  where p.slug = get_product.slug and p.is_active;
  if answer is null then
    perform logic.problem(404, 'product_not_found', 'There is no such product.');
  end if;
  return answer;
end;
$$;
comment on function v1.get_product is $$One product
By its slug, with category, pictures, variants and the newest approved reviews. Errors: 404 product_not_found.$$;
grant execute on function v1.get_product to anon, customer;
