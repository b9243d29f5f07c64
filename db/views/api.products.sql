-- One table in FROM and the rest as subqueries: so PostgreSQL can update the view, and a stock that nobody selects costs nothing.
create view api.products with (security_invoker) as
select
  p.id, p.name, p.slug, p.description, p.category_id, p.brand, p.price, p.compare_price, p.sku, p.is_featured,
  p.is_active, p.average_rating, p.review_count, p.created_at, p.updated_at,
  (
    select coalesce(sum(s.available), 0)::integer
    from shop.product_variants v join shop.stock s on s.variant_id = v.id
    where v.product_id = p.id and v.is_active
  ) as stock_quantity,
  -- No `exists`: PostgreSQL would hash the stock of the whole shop for it, even for a page of twenty rows.
  coalesce((
    select true from shop.product_variants v join shop.stock s on s.variant_id = v.id
    where v.product_id = p.id and v.is_active and s.available > 0 limit 1
  ), false) as is_in_stock
from shop.products p;
comment on view api.products is $$Products
What the shop sells; customers see active ones. Cost prices are not here.$$;
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
comment on column api.products.stock_quantity is 'What can still be sold: on hand less reserved, over all variants.';
comment on column api.products.is_in_stock is 'Whether anything can still be sold.';
grant select on api.products to anon, customer;
grant insert (name, slug, description, category_id, brand, price, compare_price, sku, is_featured, is_active),
  update (name, slug, description, category_id, brand, price, compare_price, sku, is_featured, is_active), delete
  on api.products to staff;
