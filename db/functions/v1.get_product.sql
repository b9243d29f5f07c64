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
    'images', logic.images_json(p.id),
    'variants', logic.variants_json(p.id), 'reviews', logic.reviews_json(p.id),
    'average_rating', p.average_rating, 'review_count', p.review_count,
    'stock_quantity', p.stock_quantity, 'is_in_stock', p.is_in_stock, 'is_featured', p.is_featured,
    'is_active', p.is_active, 'barcode', p.barcode, 'weight', p.weight, 'length', p.length, 'width', p.width,
    'height', p.height, 'meta_title', p.meta_title, 'meta_description', p.meta_description,
    'created_at', p.created_at, 'updated_at', p.updated_at
  ) into answer
  from api.products p
  where p.slug = get_product.slug and p.deleted_at is null;
  if answer is null then
    perform logic.problem(404, 'product_not_found', 'There is no such product.');
  end if;
  return answer;
end;
$$;
comment on function v1.get_product is $$One product
By its slug, with category, pictures, variants and the newest approved reviews. Staff sees inactive ones, too. Errors: 404 product_not_found.$$;
grant execute on function v1.get_product to anon, customer;
