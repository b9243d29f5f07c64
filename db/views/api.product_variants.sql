create view api.product_variants with (security_invoker) as
select
  v.id, v.product_id, v.name, v.sku, v.attributes, v.price_modifier,
  (select p.price + v.price_modifier from shop.products p where p.id = v.product_id) as price, v.is_active,
  (select s.available from shop.stock s where s.variant_id = v.id) as stock_quantity,
  (select s.available > 0 or s.is_backorderable from shop.stock s where s.variant_id = v.id) as is_in_stock,
  (select s.is_backorderable from shop.stock s where s.variant_id = v.id) as is_backorderable
from shop.product_variants v
where not v.is_default
with check option;
comment on view api.product_variants is $$Variants of products
Sizes, colours and the like, each with its own SKU, price and stock. A product without any has none here.$$;
comment on column api.product_variants.id is 'Key.';
comment on column api.product_variants.product_id is 'The product.';
comment on column api.product_variants.name is 'Name, such as Red / Small.';
comment on column api.product_variants.sku is 'Stock keeping unit, unique without regard to case.';
comment on column api.product_variants.attributes is 'Options as an object, such as {"colour": "red"}.';
comment on column api.product_variants.price_modifier is 'Added to the product''s price.';
comment on column api.product_variants.price is 'List price: product price + modifier.';
comment on column api.product_variants.is_active is 'Whether customers can buy it.';
comment on column api.product_variants.stock_quantity is 'What can still be sold: on hand less reserved.';
comment on column api.product_variants.is_in_stock is 'Whether anything can still be sold, or ordered before it is there.';
comment on column api.product_variants.is_backorderable is 'Whether more may be ordered than is there.';
grant select on api.product_variants to anon, customer;
grant insert (product_id, name, sku, attributes, price_modifier, is_active),
  update (name, sku, attributes, price_modifier, is_active), delete on api.product_variants to staff;
