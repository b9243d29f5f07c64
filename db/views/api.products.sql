-- One table in FROM and the rest as subqueries: so PostgreSQL can update the view, and a stock that nobody selects costs nothing.
create view api.products with (security_invoker) as
select
  p.id, p.name, p.slug, p.description, p.category_id, p.brand, p.price, p.compare_price, p.sku, p.is_featured,
  p.is_active, p.average_rating, p.review_count, p.created_at, p.updated_at, p.barcode, p.weight, p.length, p.width,
  p.height, p.meta_title, p.meta_description, p.deleted_at,
  (
    select coalesce(sum(greatest(s.available, 0)), 0)::integer
    from shop.product_variants v join shop.stock s on s.variant_id = v.id
    where v.product_id = p.id and v.is_active
  ) as stock_quantity,
  p.is_in_stock
from shop.products p;
comment on view api.products is $$Products
What the shop sells; customers see active ones. Cost prices are not here. DELETE puts a product away: it is sold no more, keeps slug and SKU, and comes back with deleted_at null.$$;
comment on column api.products.id is 'Key.';
comment on column api.products.name is 'Name.';
comment on column api.products.slug is 'Name in URLs, unique.';
comment on column api.products.description is 'Text for people.';
comment on column api.products.category_id is 'Category, null for none.';
comment on column api.products.brand is 'Maker.';
comment on column api.products.price is 'List price in the shop''s currency; variants add their modifier.';
comment on column api.products.compare_price is 'Earlier or recommended price, to be shown struck through.';
comment on column api.products.sku is 'Stock keeping unit, unique without regard to case.';
comment on column api.products.is_featured is 'Whether it is put forward.';
comment on column api.products.is_active is 'Whether customers see it and can buy it.';
comment on column api.products.average_rating is 'Average of approved reviews with one decimal, null if there are none.';
comment on column api.products.review_count is 'Number of approved reviews.';
comment on column api.products.created_at is 'When it was made.';
comment on column api.products.updated_at is 'When it last changed.';
comment on column api.products.barcode is 'GTIN or the like, as scanned.';
comment on column api.products.weight is 'Weight in kilograms.';
comment on column api.products.length is 'Length in centimetres.';
comment on column api.products.width is 'Width in centimetres.';
comment on column api.products.height is 'Height in centimetres.';
comment on column api.products.meta_title is 'Title for search engines, empty for the name.';
comment on column api.products.meta_description is 'Summary for search engines.';
comment on column api.products.deleted_at is 'When it was put away; null for all that customers see.';
comment on column api.products.stock_quantity is 'What can still be sold: on hand less reserved, over all variants.';
comment on column api.products.is_in_stock is 'Whether anything can still be sold, or ordered before it is there.';
grant select on api.products to anon, customer;
grant insert (name, slug, description, category_id, brand, price, compare_price, sku, is_featured, is_active, barcode, weight,
    length, width, height, meta_title, meta_description),
  update (name, slug, description, category_id, brand, price, compare_price, sku, is_featured, is_active, barcode, weight,
    length, width, height, meta_title, meta_description, deleted_at), delete
  on api.products to staff;
create trigger products_put_away instead of delete on api.products
  for each row execute function shop.put_away_product();
